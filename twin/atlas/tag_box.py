"""The box of a tag on the process graphic: its label, its value and its unit, as wide as these can become."""

from html import escape
from typing import Final

from twin.atlas.equipment import Point
from twin.atlas.tag_definition import TagDefinition

WIDTH: Final = 154.0
"""Usual width of a box in drawing units; one whose texts need more is wider."""
HEIGHT: Final = 32.0

STYLE: Final = """
.tag rect{fill:#f4f5f6;stroke:#a9b0b5;stroke-width:1}.tag .label{font-size:11px;fill:#5a6268}
.tag .value{font-size:16px;font-weight:600;text-anchor:end;fill:#1f2a33;font-variant-numeric:tabular-nums}
.tag .unit{font-size:11px;text-anchor:end;fill:#5a6268}.tag .quality-mark{fill:none;stroke:none}
"""

_UNITS: Final = {"degC": "°C", "delta_degC": "K", "percent": "%", "dimensionless": ""}
_PAD: Final = 6.0
# Width of a character as a share of the font's size, in the widest of the fonts that a screen may take (DejaVu Sans).
_SMALL: Final = 0.64 * 11
_LARGE: Final = 0.70 * 16
_SIGNS: Final = {**dict.fromkeys(".-,:/", 0.55), **dict.fromkeys("%mMW", 1.5)}


def draw_box(tag: TagDefinition, middle: Point) -> str:
    """One group `<g class="tag" data-tag="…">` around `middle`; its value is a dash until a screen fills it in."""
    unit, width = _unit(tag), box_width(tag)
    left, right, top = -width / 2, width / 2, -HEIGHT / 2
    return (
        f'<g class="tag" data-tag="{escape(tag.name)}" transform="translate({middle[0]:g},{middle[1]:g})" tabindex="0">'
        f"<title>{escape(tag.name)} {escape(tag.description)}</title>"
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{HEIGHT:g}" rx="3"/>'
        f'<path class="quality-mark" d="M{left + 4:g},{top + 4:g} h8 v8 h-8 Z"/>'
        f'<text class="label" x="{left + _PAD:g}" y="4">{escape(_label(tag))}</text>'
        f'<text class="value" x="{right - _beside_value(unit):g}" y="5">—</text>'
        f'<text class="unit" x="{right - _PAD:g}" y="5">{escape(unit)}</text></g>'
    )


def box_width(tag: TagDefinition) -> float:
    """What the label, the widest value of the tag's range and the unit need beside one another, at least `WIDTH`."""
    values = [f"{bound:.{tag.decimals}f}" for bound in (tag.low, tag.high)] if not tag.states else list(tag.states)
    value = max(_width(text, _LARGE) for text in values)
    return max(WIDTH, float(round(_PAD + _width(_label(tag), _SMALL) + _PAD + value + _beside_value(_unit(tag)))))


def _label(tag: TagDefinition) -> str:
    return tag.loop if tag.part in ("PV", "") else tag.name


def _unit(tag: TagDefinition) -> str:
    return _UNITS.get(tag.unit, tag.unit).replace("^2", "²").replace("^3", "³")


def _beside_value(unit: str) -> float:
    """Room right of the value: the unit, and what keeps it off the value and the edge."""
    return _PAD + (_width(unit, _SMALL) + 4 if unit else 0)


def _width(text: str, character: float) -> float:
    return sum(character * _SIGNS.get(sign, 1.0) for sign in text)
