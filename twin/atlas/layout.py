"""Where equipment and stream lines lie on the process graphic: as the file says, else computed."""

from collections.abc import Mapping
from typing import Final

import networkx as nx

from twin.atlas.equipment import Equipment, Instrument, Point, Port
from twin.atlas.plant import Plant
from twin.atlas.streams import ProcessStream

_COLUMN: Final = 190.0
_ROW: Final = 210.0
_MARGIN: Final = 110.0
_STUB: Final = 22.0
_GAP: Final = 16.0
"""Room between symbols, in which the tip of a signal's arrow shows."""
_STEP: Final = 8.0


def places(plant: Plant) -> dict[str, Point]:
    """The middle of each piece of equipment in drawing units.

    Where the file gives none: in layers along the flow, and instruments that no material passes above what they drive.
    """
    found = {item.id: item.at for item in plant.equipment if item.at is not None}
    missing = [item for item in plant.equipment if item.at is None]
    if not missing:
        return found
    flow = _flow(plant)
    if any(item.id in flow for item in missing):
        below = max((y for _, y in found.values()), default=0.0) + _MARGIN
        for column, layer in enumerate(nx.topological_generations(flow)):
            for row, name in enumerate(sorted(layer)):
                found.setdefault(name, (_MARGIN + column * _COLUMN, below + row * _ROW))
    _place_instruments([item for item in missing if item.id not in flow], plant, found)
    return found


def _flow(plant: Plant) -> "nx.DiGraph[str]":
    """Equipment but for instruments that only signals join, in the direction of the flow, circles cut."""
    flow: nx.DiGraph[str] = nx.DiGraph()
    flow.add_nodes_from(item.id for item in plant.equipment if not isinstance(item, Instrument))
    for stream in plant.streams:
        if stream.carries != "signal":
            flow.add_edge(stream.source.equipment, stream.target.equipment)
    while not nx.is_directed_acyclic_graph(flow):
        flow.remove_edge(*nx.find_cycle(flow)[-1][:2])
    return flow


def _place_instruments(waiting: list[Equipment], plant: Plant, found: dict[str, Point]) -> None:
    """Each above the first thing it is joined to that has a place; those that are joined to nothing in a row below."""
    joined: dict[str, list[str]] = {}
    for stream in plant.streams:
        joined.setdefault(stream.source.equipment, []).append(stream.target.equipment)
        joined.setdefault(stream.target.equipment, []).append(stream.source.equipment)
    while waiting:
        left = []
        for item in waiting:
            anchor = next((name for name in joined.get(item.id, ()) if name in found), None)
            if anchor is None:
                left.append(item)
            else:
                found[item.id] = _above(item, found[anchor], plant, found)
        if len(left) == len(waiting):
            below = max((y for _, y in found.values()), default=0.0) + _ROW
            found |= {item.id: (_MARGIN + n * _COLUMN, below) for n, item in enumerate(left)}
            return
        waiting = left


def _above(item: Equipment, anchor: Point, plant: Plant, found: Mapping[str, Point]) -> Point:
    """The nearest free place above an anchor."""
    x, y = anchor
    placed = [(plant.equipment_by_id[name], at) for name, at in found.items()]
    near = [(other, at) for other, at in placed if _touch(item, (x, at[1]), other, at)]
    while any(_touch(item, (x, y), other, at) for other, at in near):
        y -= _STEP
    return x, y


def _touch(one: Equipment, at: Point, other: Equipment, there: Point) -> bool:
    near_x = (one.type.width + other.type.width) / 2 + _GAP
    near_y = (one.type.height + other.type.height) / 2 + _GAP
    return abs(at[0] - there[0]) < near_x and abs(at[1] - there[1]) < near_y


def port_place(item: Equipment, port: Port, middle: Point) -> Point:
    """Where a port lies, in whole units, so that lines drawn by hand meet it."""
    x, y, w, h = *middle, item.type.width, item.type.height
    if port.side in ("left", "right"):
        return (x - w / 2 if port.side == "left" else x + w / 2, float(round(y - h / 2 + port.along * h)))
    return (float(round(x - w / 2 + port.along * w)), y - h / 2 if port.side == "top" else y + h / 2)


def line(plant: Plant, stream: ProcessStream, at: Mapping[str, Point]) -> list[Point]:
    """The corners of a stream's line, horizontal and vertical only, from port to port."""
    ports = plant.ports(stream)
    ends = (stream.source.equipment, stream.target.equipment)
    start, end = (
        port_place(plant.equipment_by_id[name], port, at[name]) for name, port in zip(ends, ports, strict=True)
    )
    via = list(stream.via) or _corners(start, ports[0], end, ports[1])
    points = [start]
    for point in [*via, end]:
        last = points[-1]
        if last[0] != point[0] and last[1] != point[1]:
            # A leg leaves a side port sideways and a top or bottom port upright.
            upright = len(points) == 1 and ports[0].side in ("top", "bottom")
            points.append((last[0], point[1]) if upright else (point[0], last[1]))
        points.append(point)
    return [point for index, point in enumerate(points) if index == 0 or point != points[index - 1]]


def _corners(start: Point, out: Port, end: Point, into: Port) -> list[Point]:
    """Corners of a line that the file does not draw."""
    sideways_out, sideways_in = out.side in ("left", "right"), into.side in ("left", "right")
    if sideways_out and sideways_in:
        if start[1] == end[1]:
            return []
        middle = (start[0] + end[0]) / 2 if end[0] - start[0] > 2 * _STUB else start[0] + _STUB
        return [(middle, start[1]), (middle, end[1])]
    if sideways_out:
        return [(end[0], start[1])]
    if sideways_in:
        return [(start[0], end[1])]
    middle = (start[1] + end[1]) / 2
    return [(start[0], middle), (end[0], middle)]
