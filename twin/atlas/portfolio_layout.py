"""Where things lie on a portfolio's picture: plants in a row along what they hand over, utilities below them.

Contracts are bars above, utilities below, like the busbars of a single-line diagram; a line joins a bar with each plant
that it serves. Every line of a plant has a column of its own, so that no two boxes meet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import networkx as nx

from twin.atlas.equipment import Point
from twin.atlas.portfolio import InPlant, Portfolio, Transfer

COLUMN: Final = 164.0
"""Width of a line's column: a box of a measured value and room beside it."""
PLANT_HEIGHT: Final = 132.0
_NARROWEST: Final = 2 * COLUMN
_GAP: Final = 220.0
_CONTRACT_PITCH: Final = 36.0
_UTILITY_PITCH: Final = 70.0
_LANE: Final = 40.0
_LEFT: Final = 60.0


@dataclass(frozen=True)
class Box:
    """A rectangle by its left upper corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height


@dataclass(frozen=True)
class PortfolioLayout:
    """Places in drawing units.

    Parameters
    ----------
    plants
        Boxes by plant.
    facilities
        Frames about the plants of each facility, by its id.
    bars
        Height of the bar of each contract and utility, by its id.
    taps
        Where a line meets a plant: x by (id of contract or utility, number of the point or use).
    transfers
        Corners of the line of each transfer, by its name.
    width, height
        Size of the picture.
    """

    plants: Mapping[str, Box]
    facilities: Mapping[str, Box]
    bars: Mapping[str, float]
    taps: Mapping[tuple[str, int], float]
    transfers: Mapping[str, tuple[Point, ...]]
    width: float
    height: float

    @property
    def left(self) -> float:
        """Where bars begin."""
        return _LEFT

    @property
    def right(self) -> float:
        """Where bars end."""
        return self.width - _LEFT / 2


def lay_out(portfolio: Portfolio) -> PortfolioLayout:
    """Find a place for everything; the same at every call."""
    order = _in_a_row(portfolio)
    detours = [one for one in portfolio.transfers if not _is_next(order, one)]
    top = 30.0 + _CONTRACT_PITCH * len(portfolio.contracts) + _LANE * (1 + len(detours))
    above, below = _columns(portfolio)
    boxes: dict[str, Box] = {}
    x = _LEFT + 30.0
    for plant in order:
        width = max(_NARROWEST, COLUMN * max(len(above[plant]), len(below[plant])) + 20.0)
        boxes[plant] = Box(x, top, width, PLANT_HEIGHT)
        x += width + _GAP
    bars = {one.id: 30.0 + _CONTRACT_PITCH * k for k, one in enumerate(portfolio.contracts)}
    first = top + PLANT_HEIGHT + _UTILITY_PITCH
    bars |= {one.id: first + 10.0 + _UTILITY_PITCH * k for k, one in enumerate(portfolio.utilities)}
    taps = {
        key: boxes[plant].x + 10.0 + COLUMN * (place + 0.5)
        for side in (above, below)
        for plant, keys in side.items()
        for place, key in enumerate(keys)
    }
    return PortfolioLayout(
        plants=boxes,
        facilities={one.id: _around([boxes[plant] for plant in one.plants]) for one in portfolio.facilities},
        bars=bars,
        taps=taps,
        transfers={one.name: _way(one, boxes, order, detours) for one in portfolio.transfers},
        width=x - _GAP + 60.0,
        height=first + _UTILITY_PITCH * max(1, len(portfolio.utilities)) - 10.0,
    )


def served(point: InPlant | str) -> str | None:
    """The plant at which a contract's point lies; None at a utility."""
    return point.plant if isinstance(point, InPlant) else None


def _in_a_row(portfolio: Portfolio) -> list[str]:
    """Plants along what they hand over; what goes round in a circle is opened somewhere. A facility's stay together."""
    forward: nx.DiGraph[str] = nx.DiGraph()
    forward.add_nodes_from(portfolio.plants)
    for transfer in portfolio.transfers:
        forward.add_edge(transfer.source.plant, transfer.target.plant)
        if not nx.is_directed_acyclic_graph(forward):
            forward.remove_edge(transfer.source.plant, transfer.target.plant)
    along = {plant: place for place, layer in enumerate(nx.topological_generations(forward)) for plant in layer}
    row = []
    for facility in portfolio.facilities:
        row += sorted(facility.plants, key=lambda plant: (along[plant], facility.plants.index(plant)))
    return row


def _is_next(order: list[str], transfer: Transfer) -> bool:
    return (transfer.source.plant, transfer.target.plant) in pairwise(order)


def _columns(portfolio: Portfolio) -> tuple[dict[str, list[tuple[str, int]]], dict[str, list[tuple[str, int]]]]:
    """The lines that meet each plant from above and from below, from left to right."""
    above: dict[str, list[tuple[str, int]]] = {plant: [] for plant in portfolio.plants}
    below: dict[str, list[tuple[str, int]]] = {plant: [] for plant in portfolio.plants}
    for contract in portfolio.contracts:
        for number, point in enumerate(contract.points):
            if (plant := served(point)) is not None:
                above[plant].append((contract.id, number))
    for utility in portfolio.utilities:
        for number, use in enumerate(utility.consumers):
            below[use.at.plant].append((utility.id, number))
    return above, below


def _way(transfer: Transfer, boxes: Mapping[str, Box], order: list[str], detours: list[Transfer]) -> tuple[Point, ...]:
    """Straight to the next plant, else over the plants."""
    start, end = boxes[transfer.source.plant], boxes[transfer.target.plant]
    if transfer in detours:
        lane = start.y - _LANE * (1 + detours.index(transfer))
        leaving, entering = start.right - 12.0, end.x + 12.0
        return ((leaving, start.y), (leaving, lane), (entering, lane), (entering, end.y))
    y = start.y + PLANT_HEIGHT / 2
    return ((start.right, y), (end.x, y))


def _around(boxes: list[Box]) -> Box:
    left, top = min(box.x for box in boxes) - 16.0, min(box.y for box in boxes) - 30.0
    right, bottom = max(box.right for box in boxes) + 16.0, max(box.bottom for box in boxes) + 14.0
    return Box(left, top, right - left, bottom - top)
