"""The nodes of a simulated plant: one variable per signal, grouped by loop or instrument, and a folder of commands."""

from asyncua import ua
from asyncua.common.node import Node
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds

from connectors.simulated.nodes import NAMESPACE, browse_name, node_id, status_code
from connectors.simulated.units import engineering_unit
from twin.matrix.signal import Signal

_READ = 1 << ua.AccessLevel.CurrentRead | 1 << ua.AccessLevel.HistoryRead
_WAITING_FOR_INITIAL_DATA = 0x8032_0000
_WRITE = _READ | 1 << ua.AccessLevel.CurrentWrite


async def build(server: Server, plant: str, signals: tuple[Signal, ...]) -> tuple[Node, dict[str, ua.NodeId]]:
    """Make the plant's folder and its variables; gives the folder and each signal's node id by name."""
    index = await server.register_namespace(f"urn:atlas-live:simulated:{plant}")
    if index != NAMESPACE:
        raise RuntimeError(f"plant {plant}: its namespace got index {index}, not {NAMESPACE}; use a fresh server")
    objects = server.nodes.objects
    folder = await objects.add_folder(node_id(plant), browse_name(plant))
    groups: dict[str, Node] = {}
    nodes: dict[str, ua.NodeId] = {}
    for signal in signals:
        group, _, short = signal.name.partition(".")
        if short and group not in groups:
            groups[group] = await folder.add_object(node_id(group), browse_name(group))
        node = await _add_variable(groups.get(group, folder) if short else folder, signal)
        nodes[signal.name] = node.nodeid
    return folder, nodes


async def _add_variable(parent: Node, signal: Signal) -> Node:
    enumeration = bool(signal.states)
    first = ua.Variant(0, ua.VariantType.Int32) if enumeration else ua.Variant(0.0, ua.VariantType.Double)
    identity, name = node_id(signal.name), browse_name(signal.name)
    node = await parent.add_variable(identity, name, first)
    # Until the first reading a client must see that there is none.
    nothing = ua.DataValue(ua.Variant(None, ua.VariantType.Null), status_code(_WAITING_FOR_INITIAL_DATA))
    await node.write_value(nothing)
    await _write_attribute(node, AttributeIds.Description, ua.LocalizedText(signal.description))
    access = ua.Variant(_READ if signal.kind == "measured" else _WRITE, ua.VariantType.Byte)
    for attribute in (AttributeIds.AccessLevel, AttributeIds.UserAccessLevel):
        await node.write_attribute(attribute, ua.DataValue(access))
    await _write_attribute(node, AttributeIds.Historizing, True)
    await _write_attribute(node, AttributeIds.MinimumSamplingInterval, 1000.0)
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
    identity = node_id(f"{signal.name}/{name}")
    await node.add_property(identity, ua.QualifiedName(name), value)


async def _write_attribute(node: Node, attribute: AttributeIds, value: object) -> None:
    await node.write_attribute(attribute, ua.DataValue(ua.Variant(value)))
