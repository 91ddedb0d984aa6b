"""From a drawing to a flowsheet: fittings that a line merely passes go, tees become mixers and splitters."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from twin.importing.drawing import Drawing, DrawnItem, ItemKind


@dataclass(frozen=True)
class Pipe:
    """What flows from one item to another; `places` are keys of the segments and fittings that it passes."""

    source: str
    target: str
    source_chamber: str = ""
    target_chamber: str = ""
    places: frozenset[str] = frozenset()


@dataclass
class DrawnFlowsheet:
    """Items that a flowsheet shows, by key, and the pipes between them.

    `passed` counts fittings that a line merely passes, `dead_ends` those where one ends, such as drains and vents;
    both were left out.
    """

    items: dict[str, DrawnItem]
    pipes: list[Pipe] = field(default_factory=list)
    passed: int = 0
    dead_ends: int = 0
    _counts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, drawing: Drawing) -> "DrawnFlowsheet":
        """Simplify a drawing until only equipment, junctions and boundaries are left."""
        sheet = cls({item.key: item for item in drawing.items})
        for line in drawing.lines:
            source = line.source if line.source in sheet.items else sheet.add("feed", "feed")
            target = line.target if line.target in sheet.items else sheet.add("product", "product")
            places = frozenset({line.segment, source, target} - {""})
            sheet.pipes.append(Pipe(source, target, line.source_chamber, line.target_chamber, places))
        sheet._turn_boundaries()
        sheet._drop_dead_ends()
        for key in sheet._fittings():
            sheet._resolve(key)
        return sheet

    def add(self, kind: ItemKind, type_name: str) -> str:
        """Add an item that the drawing doesn't show; gives its key."""
        self._counts[type_name] += 1
        key = f"{type_name}#{self._counts[type_name]}"
        self.items[key] = DrawnItem(key, kind, type_name)
        return key

    def into(self, key: str) -> list[int]:
        """Indices of the pipes that enter an item."""
        return [index for index, pipe in enumerate(self.pipes) if pipe.target == key]

    def out_of(self, key: str) -> list[int]:
        """Indices of the pipes that leave it."""
        return [index for index, pipe in enumerate(self.pipes) if pipe.source == key]

    def gather(self, indices: list[int], key: str) -> None:
        """Lead pipes that enter an item into one mixer before it."""
        self._branch(indices, lambda pipe, mixer: replace(pipe, target=mixer, target_chamber=""), "mixer", key)

    def divide(self, indices: list[int], key: str) -> None:
        """Let pipes that leave an item leave one splitter behind it."""
        self._branch(indices, lambda pipe, splitter: replace(pipe, source=splitter, source_chamber=""), "splitter", key)

    def _branch(self, indices: list[int], led: Callable[[Pipe, str], Pipe], type_name: str, key: str) -> None:
        junction, first = self.add("equipment", type_name), self.pipes[indices[0]]
        for index in indices:
            self.pipes[index] = led(self.pipes[index], junction)
        if type_name == "mixer":
            self.pipes.append(Pipe(junction, key, target_chamber=first.target_chamber))
        else:
            self.pipes.append(Pipe(key, junction, source_chamber=first.source_chamber))

    def _turn_boundaries(self) -> None:
        """Let connectors to other sheets be what their lines say: where one starts, ends, or merely passes."""
        for key, item in self.items.items():
            if item.kind in ("feed", "product"):
                starts, ends = bool(self.out_of(key)), bool(self.into(key))
                kind: ItemKind = (
                    "fitting" if starts and ends else "feed" if starts else "product" if ends else item.kind
                )
                self.items[key] = replace(item, kind=kind, type="" if kind == "fitting" else kind)

    def _fittings(self) -> list[str]:
        return [key for key, item in self.items.items() if item.kind == "fitting"]

    def _drop_dead_ends(self) -> None:
        """Leave out fittings that nothing enters or nothing leaves, and their lines, until none is left."""
        while dead := {key for key in self._fittings() if not self.into(key) or not self.out_of(key)}:
            self.dead_ends += len(dead)
            self.items = {key: item for key, item in self.items.items() if key not in dead}
            self.pipes = [pipe for pipe in self.pipes if not {pipe.source, pipe.target} & dead]

    def _resolve(self, key: str) -> None:
        """Take a fitting out where one line passes it; else make a mixer, a splitter or both of it."""
        entering, leaving = self.into(key), self.out_of(key)
        if entering == leaving and len(entering) == 1:  # a ring of fittings that nothing enters
            del self.pipes[entering[0]], self.items[key]
            self.dead_ends += 1
            return
        if len(entering) > 1:
            self.gather(entering, key)
        if len(leaving) > 1:
            self.divide(leaving, key)
        self.passed += len(entering) == len(leaving) == 1
        before, after = (self.pipes[self.into(key)[0]], self.pipes[self.out_of(key)[0]])
        self.pipes = [pipe for pipe in self.pipes if pipe not in (before, after)]
        places = before.places | after.places | {key}
        self.pipes.append(Pipe(before.source, after.target, before.source_chamber, after.target_chamber, places))
        del self.items[key]
