"""From a plant to the text of its file: anew, or into a text that is there, whose comments stay."""

from collections.abc import Mapping
from io import StringIO
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.util import load_yaml_guess_indent

from twin.atlas.definition import DefinitionError, parse
from twin.atlas.plant import Plant
from twin.atlas.plant_writing import write_plant
from twin.atlas.upgrade import upgrade
from twin.atlas.yaml_writing import flow, lines, section, write_sections

_WIDTH: Final = 1_000_000
"""Lines are not broken anew."""

Content = Mapping[str, Any]


def text_of(plant: Plant) -> str:
    """The text of a plant's file; `parse` makes an equal plant of it."""
    return write_sections(write_plant(plant))


def edited(text: str, plant: Plant) -> str:
    """A sound plant file's text, changed so that it describes `plant`; what is as it was keeps its words and comments.

    Where the old text repeats itself by aliases in what changes, the file is written anew.

    Raises
    ------
    DefinitionError
        Where the text isn't sound.
    """
    before, after = write_plant(parse(text)), write_plant(plant)
    yaml = _writer()
    tree, indent, offset = load_yaml_guess_indent(upgrade(text), yaml=yaml)
    yaml.indent(mapping=2, sequence=indent or 4, offset=2 if offset is None else offset)
    _merge(tree, before, after)
    merged = _dumped(yaml, tree)
    return merged if _says(merged, plant) else text_of(plant)


def _says(text: str, plant: Plant) -> bool:
    try:
        return parse(text) == plant
    except DefinitionError:
        return False


def _writer() -> YAML:
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = _WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _dumped(yaml: YAML, tree: Content) -> str:
    out = StringIO()
    yaml.dump(tree, out)
    return out.getvalue()


def _fresh(text: str) -> Any:
    """What a text says, as the tree holds it."""
    return _writer().load(text)


def _merge(tree: CommentedMap, before: Content, after: Content) -> None:
    """Change what differs between the two contents, and nothing else."""
    for key in before:
        if key not in after:
            tree.pop(key, None)
    place = 0
    for key, value in after.items():
        old, there = before.get(key), tree.get(key)
        if old != value or key not in before:
            if isinstance(there, CommentedMap) and isinstance(old, Mapping) and there.anchor.value is None:
                _merge(there, old, value)
            elif not _merge_lists(there, old, value):
                _put(tree, place, key, _fresh(section(key, value))[key])
        if key in tree:
            place = list(tree).index(key) + 1


def _put(tree: CommentedMap, place: int, key: str, value: Any) -> None:
    if key in tree:
        tree[key] = value
    else:
        tree.insert(place, key, value)


def _merge_lists(there: Any, old: Any, new: Any) -> bool:
    """Change the entries that differ, where each of them has a name; whether that could be done."""
    entries = [*old, *new] if isinstance(there, CommentedSeq) and isinstance(old, list) else []
    if not entries or not all(isinstance(entry, Mapping) and _name(entry) for entry in entries):
        return False
    if [_name(entry) if isinstance(entry, Mapping) else "" for entry in there] != [_name(entry) for entry in old]:
        return False
    contents = {_name(entry): entry for entry in old}
    kept = {_name(entry) for entry in new}
    for index in reversed(range(len(there))):
        if _name(there[index]) not in kept:
            del there[index]
    names = [_name(entry) for entry in there]
    for index, entry in enumerate(new):
        name = _name(entry)
        if name not in contents:
            there.insert(index, _fresh(flow(entry) if _is_flat(there) else "\n".join(lines(entry))))
            names.insert(index, name)
            continue
        if names[index] != name:
            at = names.index(name)
            there.insert(index, there.pop(at))
            names.insert(index, names.pop(at))
        _merge(there[index], contents[name], entry)
    return True


def _name(entry: Content) -> str:
    return str(entry.get("id") or entry.get("name") or "")


def _is_flat(entries: CommentedSeq) -> bool:
    return any(isinstance(entry, CommentedMap) and entry.fa.flow_style() for entry in entries)
