"""Text in YAML: read as plain values, with the line of each, and with what keeps it from being read."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from twin.atlas.errors import AtlasError
from twin.atlas.faults import Fault, Finding, Path
from twin.atlas.yaml_events import Lines, fast_lines, fast_plain

LONGEST_TEXT: Final = 20_000_000
"""Characters; a plant of 100,000 tags has about half of that."""

_FEWEST_VALUES: Final = 1000


class DefinitionError(AtlasError):
    """A file with faults, a plant's or another's; `faults` are all of them, in the order of their lines."""

    def __init__(self, filename: str, faults: tuple[Fault, ...]) -> None:
        listed = "\n".join(f"  {fault}" for fault in faults)
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__(
            f"{filename or 'the plant file'} has {count}:\n{listed}", remedy="mend them and check it again"
        )
        self.filename = filename
        self.faults = faults


@dataclass(frozen=True)
class YamlText:
    """A text's values as plain Python ones; its lines and its comments are read when somebody asks for them."""

    filename: str
    text: str = field(repr=False)
    plain: dict[str, Any]
    _tree: CommentedMap | None = field(default=None, repr=False)

    @cached_property
    def tree(self) -> CommentedMap:
        """The text as ruamel reads it, with its comments."""
        return _load(self.text, self.filename) if self._tree is None else self._tree

    @cached_property
    def _lines(self) -> Lines:
        return fast_lines(self.text) if self._tree is None else _lines_of(self._tree)

    def line(self, path: Path) -> int:
        """The line of the text where a path stands, as near as it goes; from 1."""
        inside: Lines | None = self._lines
        line = 0
        for part in path:
            if not inside or part not in inside:
                break
            line, inside = inside[part]
        return line

    def refuse(self, findings: list[Finding]) -> NoReturn:
        """Raise the `DefinitionError` of these findings, each told once, in the order of their lines."""
        faults = {fault: None for finding in findings for fault in [finding.fault(self.line(finding.path))]}
        raise DefinitionError(self.filename, tuple(sorted(faults, key=lambda fault: (fault.line, fault.path))))


def read_yaml(text: str, filename: str = "") -> YamlText:
    """Read a text whose top level is a mapping; an empty one is an empty mapping.

    Raises
    ------
    DefinitionError
        Where it is no YAML, too long, or no mapping.
    """
    text = str(text)  # the C reader takes no subclass, such as a text with its ETag
    if len(text) > LONGEST_TEXT:
        raise _one(filename, f"{len(text)} characters are too many", f"split the plant; {LONGEST_TEXT} are allowed")
    if (plain := fast_plain(text)) is not None:
        return YamlText(filename, text, plain)
    tree = _load(text, filename)
    try:
        return YamlText(filename, text, _plain(tree, iter(range(max(_FEWEST_VALUES, len(text))))), tree)
    except (_AliasesMultiplyError, RecursionError) as error:
        message = "its aliases stand for more than the file could hold"
        raise _one(filename, message, "write it out, with aliases of plain values only") from error


def _load(text: str, filename: str) -> CommentedMap:
    try:
        tree = YAML(typ="rt", pure=True).load(text)
    except DuplicateKeyError as error:
        raise _one(filename, str(error.problem), "write each key once", _marked(error)) from error
    except MarkedYAMLError as error:
        message = f"not readable as YAML: {error.problem}"
        raise _one(filename, message, "mend the indentation or quotes", _marked(error)) from error
    except (YAMLError, RecursionError, ValueError) as error:
        remedy = "start from a file that 'atlas plant check' calls sound"
        raise _one(filename, f"not readable as YAML: {error}", remedy) from error
    tree = CommentedMap() if tree is None else tree
    if not isinstance(tree, CommentedMap):
        raise _one(filename, "the file is no mapping of keys", "begin it with 'atlas: 2' and 'plant: my-plant'")
    return tree


def _lines_of(node: Any) -> Lines:
    """The lines of a tree that ruamel read; of what an alias stands for, those where it was written first."""
    lines: Lines = {}
    listed = enumerate(node) if isinstance(node, CommentedSeq) else node.items()
    for key, value in listed:
        with suppress(KeyError, IndexError, AttributeError, TypeError):
            at = node.lc.item(key) if isinstance(node, CommentedSeq) else node.lc.key(key)
            holds = isinstance(value, CommentedMap | CommentedSeq)
            lines[key] = at[0] + 1, _lines_of(value) if holds else None
    return lines


def _one(filename: str, message: str, remedy: str, line: int = 0) -> DefinitionError:
    return DefinitionError(filename, (Fault("", message, remedy, line),))


def _marked(error: MarkedYAMLError) -> int:
    return error.problem_mark.line + 1 if error.problem_mark else 0


class _AliasesMultiplyError(Exception):
    """More values than the text has characters: only aliases of aliases do that."""


def _plain(node: Any, room: Iterator[int]) -> Any:
    """The tree as plain Python values, without comments and YAML's own types; each value takes one from `room`."""
    if next(room, None) is None:
        raise _AliasesMultiplyError
    if isinstance(node, Mapping):
        return {str(key): _plain(value, room) for key, value in node.items()}
    if isinstance(node, (list, CommentedSeq)):
        return [_plain(value, room) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node
