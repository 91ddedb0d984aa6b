"""The nodes of a simulated plant: one variable per signal, grouped by loop or instrument, and a folder of commands."""

from asyncua import Server, ua
from asyncua.common.node import Node

from connectors.simulated.units import engineering_unit
from twin.matrix.signal import Signal

NAMESPACE = 2
"""Index of the plant's namespace; its nodes are `ns=2;s=<signal's name>`."""

_READ = 1 << ua.AccessLevel.CurrentRead | 1 << ua.AccessLevel.HistoryRead
_WRITE = _READ | 1 << ua.AccessLevel.CurrentWrite


async def build(server: Server, plant: str, signals: tuple[Signal, ...]) -> tuple[Node, dict[str, ua.NodeId]]:
    """Make the plant's folder and its variables; gives the folder and each signal's node id by name."""
    index = await server.register_namespace(f"urn:atlas-live:simulated:{plant}")
    if index != NAMESPACE:
        raise RuntimeError(f"plant {plant}: its namespace got index {index}, not {NAMESPACE}; use a fresh server")
    objects = server.nodes.objects
    folder = await objects.add_folder(ua.NodeId(plant, NAMESPACE), ua.QualifiedName(plant, NAMESPACE))
    groups: dict[str, Node] = {}
    nodes: dict[str, ua.NodeId] = {}
    for signal in signals:
        group, _, short = signal.name.partition(".")
        if short and group not in groups:
            groups[group] = await folder.add_object(ua.NodeId(group, NAMESPACE), ua.QualifiedName(group, NAMESPACE))
        node = await _add_variable(groups.get(group, folder) if short else folder, signal)
        nodes[signal.name] = node.nodeid
    return folder, nodes


async def _add_variable(parent: Node, signal: Signal) -> Node:
    enumeration = bool(signal.states)
    first = ua.Variant(0, ua.VariantType.Int32) if enumeration else ua.Variant(0.0, ua.VariantType.Double)
    identity, name = ua.NodeId(signal.name, NAMESPACE), ua.QualifiedName(signal.name, NAMESPACE)
    node = await parent.add_variable(identity, name, first)
    # Until the first reading a client must see that there is none.
    nothing = ua.DataValue(ua.Variant(None, ua.VariantType.Null), ua.StatusCode(ua.UInt32(0x8032_0000)))
    await node.write_value(nothing)
    await _write_attribute(node, ua.AttributeIds.Description, ua.LocalizedText(signal.description))
    access = ua.Variant(_READ if signal.kind == "measured" else _WRITE, ua.VariantType.Byte)
    for attribute in (ua.AttributeIds.AccessLevel, ua.AttributeIds.UserAccessLevel):
        await node.write_attribute(attribute, ua.DataValue(access))
    await _write_attribute(node, ua.AttributeIds.Historizing, True)
    await _write_attribute(node, ua.AttributeIds.MinimumSamplingInterval, 1000.0)
    if enumeration:
        words = [ua.LocalizedText(word) for word in signal.states]
        await _add_property(node, signal, "EnumStrings", ua.Variant(words, ua.VariantType.LocalizedText))
    else:
        span = ua.Range(Low=signal.low, High=signal.high)
        await _add_property(node, signal, "EURange", ua.Variant(span, ua.VariantType.ExtensionObject))
        unit = ua.Variant(engineering_unit(signal.unit), ua.VariantType.ExtensionObject)
        await _add_property(node, signal, "EngineeringUnits", unit)
    return node


async def _add_property(node: Node, signal: Signal, name: str, value: ua.Variant) -> None:
    identity = ua.NodeId(f"{signal.name}/{name}", NAMESPACE)
    await node.add_property(identity, ua.QualifiedName(name, 0), value)


async def _write_attribute(node: Node, attribute: ua.AttributeIds, value: object) -> None:
    await node.write_attribute(attribute, ua.DataValue(ua.Variant(value)))
