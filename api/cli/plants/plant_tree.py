"""A plant as a tree for the terminal: areas, units, equipment, streams that leave it, tags that measure both."""

from collections import defaultdict
from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

if TYPE_CHECKING:
    from twin.atlas.equipment import Equipment
    from twin.atlas.plant import Plant
    from twin.atlas.streams import ProcessStream
    from twin.atlas.tag_definition import TagDefinition


def tree(plant: "Plant") -> Tree:
    """Build the tree; what stands in no area, and tags that measure no place, come after the areas."""
    return _PlantTree(plant).build()


class _PlantTree:
    def __init__(self, plant: "Plant") -> None:
        self._plant = plant
        self._placed: dict[tuple[str, str], list[Equipment]] = defaultdict(list)
        self._leaving: dict[str, list[ProcessStream]] = defaultdict(list)
        self._measuring: dict[tuple[str, str], list[TagDefinition]] = defaultdict(list)
        for item in plant.equipment:
            self._placed[item.area, item.unit].append(item)
        for stream in plant.streams:
            self._leaving[stream.source.equipment].append(stream)
        for tag in plant.tags:
            self._measuring[("stream", tag.stream) if tag.stream else ("equipment", tag.equipment)].append(tag)

    def build(self) -> Tree:
        plant = self._plant
        where = ", ".join(part for part in (plant.location.enterprise, plant.location.site) if part)
        counts = f"{len(plant.equipment)} equipment, {len(plant.streams)} streams, {len(plant.tags)} tags"
        root = Tree(_label(plant.id, plant.name, f"{where}; {counts}" if where else counts))
        for area in plant.areas:
            branch = root.add(_label(area.id, area.name))
            for unit in area.units:
                self._equipment(branch.add(_label(unit.id, unit.name)), self._placed[area.id, unit.id])
            self._equipment(branch, self._placed[area.id, ""])
        self._equipment(root, self._placed["", ""])
        self._tags(root, self._measuring["equipment", ""])
        self._chemistry(root)
        self._rules(root)
        return root

    def _equipment(self, branch: Tree, items: "list[Equipment]") -> None:
        for item in items:
            design = ", ".join(f"{name} {value}" for name, value in item.design.items())
            node = branch.add(_label(item.id, item.name, f"{item.type.name}; {design}" if design else item.type.name))
            for stream in self._leaving[item.id]:
                self._tags(node.add(_stream(stream)), self._measuring["stream", stream.name])
            self._tags(node, self._measuring["equipment", item.id])

    def _tags(self, branch: Tree, tags: "list[TagDefinition]") -> None:
        for tag in tags:
            span = ", ".join(tag.states) if tag.states else f"{tag.low:g} – {tag.high:g} {tag.unit}".rstrip()
            branch.add(_label(tag.name, tag.description, span))

    def _chemistry(self, root: Tree) -> None:
        chemistry = self._plant.chemistry
        if chemistry.compounds:
            branch = root.add(Text("compounds", style="dim"))
            for compound in chemistry.compounds:
                branch.add(_label(compound.id, compound.name, f"{compound.molar_mass:.6g}"))
        if chemistry.reactions:
            branch = root.add(Text("reactions", style="dim"))
            for reaction in chemistry.reactions:
                branch.add(_label(reaction.id, str(reaction.equation), reaction.equipment))

    def _rules(self, root: Tree) -> None:
        if len(self._plant.policies):
            branch = root.add(Text("policies", style="dim"))
            for policy in self._plant.policies:
                branch.add(_label(policy.name, policy.equipment, ", ".join(sorted(policy.modes)) or "all modes"))
        if len(self._plant.prices):
            branch = root.add(Text("prices", style="dim"))
            for price in self._plant.prices:
                since, until = (f"{at:%Y-%m-%d}" if at else "…" for at in (price.since, price.until))
                branch.add(_label(price.item, str(price), f"{since} to {until}" if price.since or price.until else ""))


def _stream(stream: "ProcessStream") -> Text:
    kind = "" if stream.carries == "material" else f"{stream.carries} "
    return Text(f"{stream.name} ", style="dim").append(f"{kind}→ {stream.target} {stream.description}".rstrip())


def _label(name: str, told: str, detail: str = "") -> Text:
    label = Text(name, style="bold").append(f" {told}", style="none")
    return label.append(f"  {detail}", style="dim") if detail else label
