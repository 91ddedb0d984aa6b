"""Derived tags: computed at each closed scan from the scan's held values, in an order in which inputs come first."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.quality import BAD, BAD_NO_DATA, Quality
from stream.scan.grid import Scan
from twin.atlas.expressions import Expression, compile_expression
from twin.atlas.tags import TagTable


@dataclass(frozen=True, slots=True)
class DerivedTag:
    """A derived tag's position, its expression, and the positions of its inputs."""

    position: int
    expression: Expression
    inputs: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class DerivedTags:
    """The table's derived tags, each after the ones it is made of."""

    tags: tuple[DerivedTag, ...]
    positions: NDArray[np.intp]

    @classmethod
    def of(cls, table: TagTable) -> "DerivedTags":
        """Compile the table's expressions; the definition has checked them, so a fault here is a programmer's."""
        left = [position for position, tag in enumerate(table.tags) if tag.expression]
        done: set[int] = {position for position, tag in enumerate(table.tags) if not tag.expression}
        ordered: list[DerivedTag] = []
        compiled = {p: compile_expression(table.tags[p].expression, table.positions) for p in left}
        while left:
            ready = [p for p in left if all(table.positions[name] in done for name in compiled[p].inputs)]
            if not ready:
                names = ", ".join(table.tags[p].name for p in left)
                raise ValueError(f"plant {table.plant}: derived tags {names} depend on each other; break the circle")
            for p in ready:
                inputs = np.array([table.positions[name] for name in compiled[p].inputs], dtype=np.intp)
                ordered.append(DerivedTag(p, compiled[p], inputs))
            done.update(ready)
            left = [p for p in left if p not in done]
        return cls(tuple(ordered), np.array([tag.position for tag in ordered], dtype=np.intp))

    def evaluate(self, scan: Scan) -> tuple[NDArray[np.float64], Quality]:
        """Values and qualities of the derived tags at a closed scan, each of shape (derived,), in `positions` order.

        A derived value is as bad as the worst of its inputs; one that cannot be computed (an input without value, a
        division by zero) is Bad, no data. The scan's own arrays take the values, for derived tags further on.
        """
        for tag in self.tags:
            value = tag.expression.evaluate([float(v) for v in scan.values[tag.inputs]])
            quality = _worst(scan.quality[tag.inputs])
            computed = bool(np.isfinite(value))
            scan.values[tag.position] = value if computed else np.nan
            scan.quality[tag.position] = quality if computed or quality >= BAD else BAD_NO_DATA
        return scan.values[self.positions], scan.quality[self.positions]

    def stale(self, stale: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Set each derived tag as stale as its inputs, in place; the positions that changed."""
        changed = []
        for tag in self.tags:
            now = bool(stale[tag.inputs].any())
            if now != stale[tag.position]:
                stale[tag.position] = now
                changed.append(tag.position)
        return np.array(changed, dtype=np.intp)


def _worst(quality: Quality) -> int:
    if len(quality) == 0:
        return 0
    return int(quality[np.argmax(quality >> np.uint32(30))])
