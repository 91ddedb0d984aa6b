"""A chunk: all that one transaction writes, gathered from consecutive records of a lane's partitions."""

from collections.abc import Callable
from dataclasses import dataclass, field

from stream.historian.letters import DeadLetter, Origin
from stream.historian.positions import Move, Place, Position
from stream.historian.rows import Rows

MarkKey = tuple[str, str, int]
"""Plant, source and epoch."""


@dataclass(slots=True)
class Counts:
    """What a chunk met."""

    batches: int = 0
    duplicates: int = 0
    gaps: int = 0
    refused: int = 0


@dataclass(slots=True)
class Chunk:
    """Rows to be copied plainly and rows to be staged, letters, marks and the moves of positions."""

    plain: list[Rows] = field(default_factory=list)
    staged: list[Rows] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    marks: dict[MarkKey, int] = field(default_factory=dict)
    moves: dict[Place, Move] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    rows: int = 0

    def add(self, origin: Origin, make: Callable[[int], Rows], *, staged: bool) -> None:
        """Add the rows of one record; `make` gets the record's index, by which a bad row finds its origin again."""
        rows = make(len(self.origins))
        self.origins.append(origin)
        if len(rows):
            (self.staged if staged else self.plain).append(rows)
            self.rows += len(rows)

    def move(self, place: Place, before: Position, to: Position) -> None:
        """Move a position; of several moves in one chunk the first tells where it is expected."""
        first = self.moves.get(place)
        self.moves[place] = Move(before.next_offset if first is None else first.expected, to)
