"""Derived tags: computed at each closed scan from the scan's held values, in an order in which inputs come first."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.quality import BAD, BAD_NO_DATA, GOOD, Quality
from stream.scan.grid import Scan
from twin.atlas.expressions import Expression, compile_expression
from twin.atlas.tags import TagTable

_MOST_INPUTS: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class Level:
    """Derived tags that need none of each other, k of them, taken together.

    `inputs` are the positions of all their inputs, one tag's after the other's; tag i's are those from `starts[i]` to
    `starts[i + 1]`. `with_inputs` are the tags that have any, and `order` is each input's place within its tag.
    """

    positions: NDArray[np.intp]
    expressions: tuple[Expression, ...]
    inputs: NDArray[np.intp]
    starts: NDArray[np.intp]
    with_inputs: NDArray[np.intp]
    order: NDArray[np.int64]

    @classmethod
    def of(cls, positions: Sequence[int], expressions: Sequence[Expression], table: TagTable) -> "Level":
        """The derived tags at these positions, in this order."""
        inputs = [[table.positions[name] for name in expression.inputs] for expression in expressions]
        counts = np.array([len(one) for one in inputs], dtype=np.intp)
        return cls(
            positions=np.array(positions, dtype=np.intp),
            expressions=tuple(expressions),
            inputs=np.array([position for one in inputs for position in one], dtype=np.intp),
            starts=np.r_[0, np.cumsum(counts)].astype(np.intp),
            with_inputs=np.flatnonzero(counts),
            order=np.array([place for one in inputs for place in range(len(one))], dtype=np.int64),
        )

    def values(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The tags' values; not-a-number where there is none."""
        given = values[self.inputs].tolist()
        spans = pairwise(self.starts.tolist())
        found = [expression.evaluate(given[a:b]) for expression, (a, b) in zip(self.expressions, spans, strict=True)]
        return np.array(found, dtype=np.float64)

    def worst(self, quality: Quality) -> Quality:
        """The most severe quality among each tag's inputs, the first of equally severe ones; Good without inputs."""
        worst = np.full(len(self.positions), GOOD, dtype=np.uint32)
        if len(self.with_inputs):
            given = quality[self.inputs]
            rank = (given >> np.uint32(30)).astype(np.int64) * _MOST_INPUTS - self.order
            starts = self.starts[self.with_inputs]
            place = -np.maximum.reduceat(rank, starts) % _MOST_INPUTS
            worst[self.with_inputs] = given[starts + place]
        return worst

    def any_of(self, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether a flag is set for any of each tag's inputs."""
        found = np.zeros(len(self.positions), dtype=np.bool_)
        if len(self.with_inputs):
            found[self.with_inputs] = np.logical_or.reduceat(flags[self.inputs], self.starts[self.with_inputs])
        return found


@dataclass(frozen=True, slots=True)
class DerivedTags:
    """The table's derived tags in levels, each after those it is made of; `positions` are theirs in that order."""

    levels: tuple[Level, ...]
    positions: NDArray[np.intp]

    @classmethod
    def of(cls, table: TagTable) -> "DerivedTags":
        """Compile the table's expressions; the definition has checked them, so a fault here is a programmer's."""
        left = [position for position, tag in enumerate(table.tags) if tag.expression]
        done: set[int] = {position for position, tag in enumerate(table.tags) if not tag.expression}
        compiled = {p: compile_expression(table.tags[p].expression, table.positions) for p in left}
        levels: list[Level] = []
        while left:
            ready = [p for p in left if all(table.positions[name] in done for name in compiled[p].inputs)]
            if not ready:
                names = ", ".join(table.tags[p].name for p in left)
                raise ValueError(f"plant {table.plant}: derived tags {names} depend on each other; break the circle")
            levels.append(Level.of(ready, [compiled[p] for p in ready], table))
            done.update(ready)
            left = [p for p in left if p not in done]
        nothing = np.empty(0, dtype=np.intp)
        return cls(tuple(levels), np.concatenate([nothing, *(level.positions for level in levels)]))

    def evaluate(self, scan: Scan) -> tuple[NDArray[np.float64], Quality]:
        """Values and qualities of the derived tags at a closed scan, each of shape (derived,), in `positions` order.

        A derived value is as bad as the worst of its inputs; one that cannot be computed (an input without value, a
        division by zero) is Bad, no data. The scan's own arrays take the values, for derived tags further on.
        """
        for level in self.levels:
            values, quality = level.values(scan.values), level.worst(scan.quality)
            missing = ~np.isfinite(values) & (quality < np.uint32(BAD))
            scan.values[level.positions] = values
            scan.quality[level.positions] = np.where(missing, np.uint32(BAD_NO_DATA), quality)
        return scan.values[self.positions], scan.quality[self.positions]

    def stale(self, stale: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Set each derived tag as stale as its inputs, in place; the positions that changed."""
        before = stale[self.positions]
        for level in self.levels:
            stale[level.positions] = level.any_of(stale)
        changed: NDArray[np.intp] = self.positions[stale[self.positions] != before]
        return changed
