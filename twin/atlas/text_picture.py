"""The flowsheet of a plant in characters, for a terminal: the process graphic's layout, drawn coarsely.

Vessels and machines are boxes with their ids, mixers and splitters are dots, valves, feeds and products stand in
brackets; streams run from port to port and end in an arrow. The same plant always gives the same lines.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from twin.atlas.equipment import Equipment, Point
from twin.atlas.layout import line, places, port_place
from twin.atlas.plant import Plant

WIDTH: Final = 100
"""Columns that a picture fits into."""

_FINEST: Final = 8.0
"""Drawing units a column at least, so that a small plant is not blown up."""
_LOW: Final = 60.0
"""Drawing units below which a symbol's height is one row."""
_ASPECT: Final = 2.0
"""How much taller than wide a character is."""

_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
_LINES: Final = " │││─┘┐┤─└┌├─┴┬┼"
"""The character of each combination of the four directions, as bits; a line's end looks like its middle."""
_DASHED: Final = {"─": "╌", "│": "╎"}
_STEPS: Final = {(0, -1): (_UP, "▲"), (0, 1): (_DOWN, "▼"), (-1, 0): (_LEFT, "◀"), (1, 0): (_RIGHT, "▶")}
_BACK: Final = {_UP: _DOWN, _DOWN: _UP, _LEFT: _RIGHT, _RIGHT: _LEFT}

Cell = tuple[int, int]
"""Column and row."""


def draw_text(plant: Plant, width: int = WIDTH) -> tuple[str, ...]:
    """Draw the plant in lines of at most `width` characters, without trailing blanks; none where it has no equipment.

    Where labels would cover each other, the later one moves to the nearest free row.
    """
    if not plant.equipment:
        return ()
    at = places(plant)
    grid = _Grid.around(plant, at, width)
    canvas = _Canvas()
    boxes = {item.id: canvas.box(item, grid.frame(item, at[item.id])) for item in plant.equipment}
    for stream in plant.streams:
        source, target = boxes[stream.source.equipment], boxes[stream.target.equipment]
        corners = [grid.cell(corner) for corner in line(plant, stream, at)]
        way = list(_walk([source.nearest(corners[0]), *corners, target.nearest(corners[-1])]))
        canvas.pipe(way, dashed=stream.carries != "material", target=target)
    return canvas.lines()


@dataclass(frozen=True)
class _Frame:
    """A rectangle of cells, both ends included."""

    left: int
    top: int
    right: int
    bottom: int

    def __contains__(self, cell: Cell) -> bool:
        return self.left <= cell[0] <= self.right and self.top <= cell[1] <= self.bottom

    def cells(self) -> Iterator[Cell]:
        for row in range(self.top, self.bottom + 1):
            for column in range(self.left, self.right + 1):
                yield column, row

    def nearest(self, cell: Cell) -> Cell:
        """The cell of the rectangle that lies straight above, below or beside `cell`; itself where none does."""
        near = (min(max(cell[0], self.left), self.right), min(max(cell[1], self.top), self.bottom))
        return near if near[0] == cell[0] or near[1] == cell[1] else cell

    def moved(self, rows: int) -> "_Frame":
        return _Frame(self.left, self.top + rows, self.right, self.bottom + rows)


@dataclass(frozen=True)
class _Grid:
    """From drawing units to cells."""

    left: float
    top: float
    per_column: float

    @classmethod
    def around(cls, plant: Plant, at: dict[str, Point], width: int) -> "_Grid":
        """The finest grid on which everything, labels too, lies within the width."""
        corners = [corner for stream in plant.streams for corner in line(plant, stream, at)]
        top = min([y for _, y in corners] + [at[i.id][1] - i.type.height / 2 for i in plant.equipment])
        per_column = _FINEST
        while True:
            half = {item.id: max(item.type.width, _label_width(item) * per_column) / 2 for item in plant.equipment}
            left = min([x for x, _ in corners] + [at[id_][0] - room for id_, room in half.items()])
            right = max([x for x, _ in corners] + [at[id_][0] + room for id_, room in half.items()])
            if (right - left) / per_column <= width - 2 or per_column > 1e6:
                return cls(left, top, per_column)
            per_column *= 1.02

    def cell(self, point: Point) -> Cell:
        return (
            round((point[0] - self.left) / self.per_column),
            round((point[1] - self.top) / self.per_column / _ASPECT),
        )

    def frame(self, item: Equipment, middle: Point) -> _Frame:
        """The cells of a symbol, widened where its label needs more; a low one lies in the row of its side ports."""
        (x, y), w, h = middle, item.type.width, item.type.height
        left, top = self.cell((x - w / 2, y - h / 2))
        right, bottom = self.cell((x + w / 2, y + h / 2))
        if h < _LOW:
            sides = [port_place(item, port, middle) for port in item.type.ports if port.side in ("left", "right")]
            top = bottom = self.cell((sides or [middle])[0])[1]
        width = _label_width(item) if item.type.symbol == "node" else max(_label_width(item), right - left + 1)
        left = self.cell((x - (width - 1) / 2 * self.per_column, y))[0]
        return _Frame(left, top, left + width - 1, max(bottom, top + 2) if h >= _LOW else bottom)


def _label_width(item: Equipment) -> int:
    return 1 if item.type.symbol == "node" else len(item.id) + 2


def _walk(corners: list[Cell]) -> Iterator[Cell]:
    """Every cell of a line through corners that lie in one row or column with the next."""
    yield corners[0]
    for (x, y), (to_x, to_y) in pairwise(corners):
        step = ((to_x > x) - (to_x < x), (to_y > y) - (to_y < y))
        while (x, y) != (to_x, to_y):
            x, y = x + step[0], y + step[1]
            yield x, y


class _Canvas:
    """Characters by cell; boxes lie above lines."""

    def __init__(self) -> None:
        self._signs: dict[Cell, str] = {}
        self._ways: dict[Cell, int] = {}
        self._dashed: set[Cell] = set()
        self._tips: dict[Cell, str] = {}

    def box(self, item: Equipment, wanted: _Frame) -> _Frame:
        """Draw a piece of equipment in the free rows nearest to those wanted; return where it came to lie."""
        frame = next(
            (moved for moved in _nearest(wanted) if not any(cell in self._signs for cell in moved.cells())), wanted
        )
        for cell, sign in zip(frame.cells(), _face(item, frame), strict=True):
            self._signs[cell] = sign
        return frame

    def pipe(self, way: list[Cell], *, dashed: bool, target: _Frame) -> None:
        """Draw a stream along its cells, with an arrow before its target."""
        for one, other in pairwise(way):
            direction, _ = _STEPS[other[0] - one[0], other[1] - one[1]]
            self._ways[one] = self._ways.get(one, 0) | direction
            self._ways[other] = self._ways.get(other, 0) | _BACK[direction]
            if dashed:
                self._dashed |= {one, other}
        for one, other in reversed(list(pairwise(way))):
            if one not in target and one not in self._signs:
                self._tips[one] = _STEPS[other[0] - one[0], other[1] - one[1]][1]
                return

    def lines(self) -> tuple[str, ...]:
        """All of it as text."""
        pipes = {cell: _LINES[ways] for cell, ways in self._ways.items()}
        pipes |= {cell: _DASHED.get(pipes[cell], pipes[cell]) for cell in self._dashed}
        signs = pipes | self._tips | self._signs
        first = min(row for _, row in signs)
        rows: list[list[str]] = [[] for _ in range(max(row for _, row in signs) - first + 1)]
        for (column, row), sign in sorted(signs.items()):
            rows[row - first] += [" "] * (column - len(rows[row - first])) + [sign]
        return tuple(_shortened("".join(row) for row in rows))


def _shortened(rows: Iterable[str]) -> Iterator[str]:
    """Rows without those that repeat the two before them and show nothing but lines going down."""
    last: list[str] = []
    for row in rows:
        if last[-2:] != [row, row] or row.strip(" │╎"):
            yield row
        last = [*last[-1:], row]


def _nearest(frame: _Frame) -> Iterable[_Frame]:
    for distance in range(12):
        yield frame.moved(distance)
        yield frame.moved(-distance)


def _face(item: Equipment, frame: _Frame) -> str:
    """The characters of a piece of equipment, row after row."""
    width, height = frame.right - frame.left + 1, frame.bottom - frame.top + 1
    if item.type.symbol == "node":
        return "●"
    if height < 3:
        return f"[{item.id:^{width - 2}}]" * height
    rows = [f"│{item.id if row == height // 2 else '':^{width - 2}}│" for row in range(1, height - 1)]
    return f"┌{'─' * (width - 2)}┐{''.join(rows)}└{'─' * (width - 2)}┘"
