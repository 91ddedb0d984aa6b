"""A plant as a tree for the terminal: equipment, the streams that leave it, and the tags that measure it."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

if TYPE_CHECKING:
    from twin.atlas.plant import Plant
    from twin.atlas.streams import ProcessStream
    from twin.atlas.tag_definition import TagDefinition


def tree(plant: "Plant") -> Tree:
    """Build the tree; what belongs to no equipment stands at its end."""
    tags: dict[str, list[TagDefinition]] = defaultdict(list)
    for tag in plant.tags:
        tags[tag.equipment].append(tag)
    leaving: dict[str, list[ProcessStream]] = defaultdict(list)
    for stream in plant.streams:
        leaving[stream.source.equipment].append(stream)
    root = Tree(_label(plant.id, plant.name, f"{len(plant.equipment)} equipment, {len(plant.tags)} tags"))
    for item in plant.equipment:
        node = root.add(_label(item.id, item.name, item.type.name))
        for stream in leaving[item.id]:
            node.add(_stream(stream))
        _add_tags(node, tags[item.id])
    _add_tags(root, tags[""])
    return root


def _add_tags(branch: Tree, tags: "Sequence[TagDefinition]") -> None:
    for tag in tags:
        span = f"{tag.low:g} – {tag.high:g} {tag.unit}".rstrip()
        branch.add(_label(tag.name, tag.description, ", ".join(tag.states) if tag.states else span))


def _stream(stream: "ProcessStream") -> Text:
    kind = "" if stream.carries == "material" else f"{stream.carries} "
    return Text(f"{stream.name} ", style="dim").append(f"{kind}→ {stream.target} {stream.description}".rstrip())


def _label(name: str, told: str, detail: str) -> Text:
    return Text(name, style="bold").append(f" {told}", style="none").append(f"  {detail}", style="dim")
