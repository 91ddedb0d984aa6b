"""From a plant to the text of its file: anew, or into a text that is there, whose comments stay."""

import re
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString
from ruamel.yaml.util import load_yaml_guess_indent

from twin.atlas.definition import DefinitionError, parse
from twin.atlas.plant import Plant
from twin.atlas.plant_writing import write_plant
from twin.atlas.upgrade import upgrade

_ONE_LINE: Final = frozenset({
    "scan", "location", "areas", "compounds", "reactions", "equipment", "streams", "prices", "limits", "range", "at",
    "shown", "via", "states",
})  # fmt: skip
"""What is written on one line, or with one line an entry."""

_PLAIN: Final = re.compile(r"[A-Za-z0-9(][\w .()/%+;=*^<>\-]*(:[\w/.;=]+)*|")

_WIDTH: Final = 1_000_000
"""Lines are not broken anew."""

Content = Mapping[str, Any]


def text_of(plant: Plant) -> str:
    """The text of a plant's file; `parse` makes an equal plant of it."""
    yaml = _writer()
    blocks = [_dumped(yaml, {key: _fresh(key, value)}) for key, value in write_plant(plant).items()]
    return "".join(f"\n{block}" if block.count("\n") > 1 else block for block in blocks)


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


def _fresh(key: str, value: Any, flat: bool = False) -> Any:
    """A value as the tree of YAML holds it, on one line where that is usual."""
    if isinstance(value, Mapping):
        mapped = CommentedMap((name, _fresh(name, each, flat or key in _ONE_LINE)) for name, each in value.items())
        if flat or key in _ONE_LINE:
            mapped.fa.set_flow_style()
        return mapped
    if isinstance(value, Sequence) and not isinstance(value, str):
        listed = CommentedSeq(_fresh(key, each, flat or key in _ONE_LINE) for each in value)
        if flat or not any(isinstance(each, Mapping) for each in value):
            listed.fa.set_flow_style()
        return listed
    # What YAML writes without quotes in other texts, its own reader doesn't always take.
    return DoubleQuotedScalarString(value) if isinstance(value, str) and not _PLAIN.fullmatch(value) else value


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
                _put(tree, place, key, _fresh(key, value, tree.fa.flow_style() is True))
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
    for index, entry in enumerate(new):
        names = [_name(each) for each in there]
        if _name(entry) not in names:
            there.insert(index, _fresh("", entry, _is_flat(there)))
            continue
        at = names.index(_name(entry))
        if at != index:
            there.insert(index, there.pop(at))
        _merge(there[index], contents[_name(entry)], entry)
    return True


def _name(entry: Content) -> str:
    return str(entry.get("id") or entry.get("name") or "")


def _is_flat(entries: CommentedSeq) -> bool:
    return any(isinstance(entry, CommentedMap) and entry.fa.flow_style() for entry in entries)
