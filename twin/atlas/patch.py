"""Changes to a plant file's text by JSON Patch (RFC 6902): all that is not changed stays as it was written."""

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import jsonpatch
from ruamel.yaml import YAML

from twin.atlas.errors import AtlasError

_WIDTH: Final = 1_000_000
"""Lines are not broken anew."""

_FIRST_LIST: Final = re.compile(
    r"^(?P<key> *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\n(?:[ \t]*(?:#[^\n]*)?\n)*(?P<dash> *)-(?P<gap> +)\S", re.MULTILINE
)
"""A key whose value is a list: where its dash stands, and how far behind it the entry."""


class PatchError(AtlasError):
    """A patch that is none, or that does not fit the text."""


def patch(text: str, operations: Sequence[Mapping[str, Any]]) -> str:
    """The text of a sound plant file after the operations, done one after the other, all or none; comments are kept.

    The result is not checked: parse it. Only blanks of lines that were not changed may differ.

    Raises
    ------
    PatchError
        Where an operation is none, or finds no place in what the ones before it left.
    """
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = _WIDTH
    if written := _FIRST_LIST.search(text):
        offset = max(0, len(written["dash"]) - len(written["key"]))
        yaml.indent(mapping=2, sequence=offset + 1 + len(written["gap"]), offset=offset)
    tree = yaml.load(text)
    try:
        # In place: a copy would lose the comments.
        changed: Any = jsonpatch.JsonPatch(operations).apply(tree, in_place=True)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
        raise PatchError(f"the patch does not fit: {error}", remedy="read the file again and patch that") from error
    out = io.StringIO()
    yaml.dump(changed, out)
    return out.getvalue()
