"""The process graphic as it stands at the end of a case: the plant's own drawing with a case's values filled in."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from typing import Final

from api.reports.written import number
from stream.jobs.report import Output

_SVG: Final = "http://www.w3.org/2000/svg"
_NS: Final = {"s": _SVG}
_INNER: Final = (("low", -1), ("high", 1))
_OUTER: Final = (("low_low", -1), ("high_high", 1))


def fill(drawing: str, values: Mapping[str, float | None], outputs: Mapping[str, Output]) -> str:
    """The drawing with each box's value; one beyond a limit of its tag is dressed as on the plant's page.

    `values` are by tag name, in the outputs' units; a tag that no model tells of keeps its dash.

    Raises
    ------
    ValueError
        Where the drawing is no SVG of ours.
    """
    try:
        root = ElementTree.fromstring(drawing)  # noqa: S314 - drawn by twin.atlas.graphic, never by a stranger
    except ElementTree.ParseError as error:
        raise ValueError(f"the process graphic is no SVG ({error}); draw it anew from the plant's file") from error
    for group in root.iterfind(".//s:g[@data-tag]", _NS):
        output = outputs.get(group.get("data-tag", ""))
        value = None if output is None else values.get(output.name)
        text = group.find("s:text[@class='value']", _NS)
        group.attrib.pop("tabindex", None)
        if output is not None and value is not None and text is not None:
            text.text = number(value, output.decimals)
            group.set("class", f"tag {_beyond(value, output)}".rstrip())
    ElementTree.register_namespace("", _SVG)
    return ElementTree.tostring(root, encoding="unicode")


def _beyond(value: float, output: Output) -> str:
    limits = dict(output.limits)
    for kind, sides in (("is-outer", _OUTER), ("is-inner", _INNER)):
        if any(limits[name] is not None and (value - limits[name]) * side > 0 for name, side in sides):
            return kind
    return ""
