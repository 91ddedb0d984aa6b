"""The process graphic of a plant as SVG text: grey symbols, pipes and boxes whose values a screen fills in place."""

from html import escape
from typing import Final

from twin.atlas.equipment import Equipment, Point
from twin.atlas.layout import line, places
from twin.atlas.plant import Plant
from twin.atlas.streams import ProcessStream
from twin.atlas.symbols import SYMBOLS
from twin.atlas.tag_box import HEIGHT, STYLE, box_width, draw_box
from twin.atlas.tag_definition import TagDefinition

_MARGIN: Final = 40.0
_NAME_W: Final = 120.0
_NAME_H: Final = 40.0
"""Room about a symbol for its name, which stands below."""

_BARE: Final = ("node", "valve", "hand-valve", "check-valve")
"""Symbols so small and many that their names stand only in what a pointer brings up."""

_OFF_MIDDLE: Final = 0.3
"""How far from the middle of a symbol's width a line no longer runs through the name below."""

_STYLE: Final = """
.pipe{fill:none;stroke:#6f777d;stroke-width:2.2}.signal{fill:none;stroke:#8b9399;stroke-width:1;stroke-dasharray:5 4}
.energy{fill:none;stroke:#8b9399;stroke-width:2;stroke-dasharray:10 3}.tip{fill:#6f777d}
.body{fill:#eceeef;stroke:#5b6369;stroke-width:1.8}.jacket{fill:#cfd4d7;stroke:#5b6369;stroke-width:1.4}
.line{fill:none;stroke:#5b6369;stroke-width:1.8}.tray{fill:none;stroke:#8b9399;stroke-width:1.2;stroke-dasharray:7 4}
.node{fill:#6f777d}.sign{font-size:15px;text-anchor:middle;fill:#3a4146}
.caption{font-size:12px;text-anchor:middle;fill:#50585e}.onbody{font-size:11.5px;text-anchor:middle;fill:#3a4146}
""".strip()


def draw(plant: Plant) -> str:
    """The graphic, scalable, with one group per shown tag: `<g class="tag" data-tag="TIC-101.PV">`.

    A group holds texts of the classes `label`, `value` and `unit`, and a `quality-mark` that a screen may shape.
    Every text is escaped; there is no script and nothing is fetched.
    """
    at = places(plant)
    shown = [tag for tag in plant.tags if tag.shown]
    boxes = {tag.name: tag.shown_at or _beside(tag, plant, at) for tag in shown}
    lines = {stream.name: line(plant, stream, at) for stream in plant.streams}
    left_below = _left_below(plant)
    spans = [(box_width(tag), HEIGHT, boxes[tag.name]) for tag in shown]
    spans += [(max(_NAME_W, item.type.width), item.type.height + _NAME_H, at[item.id]) for item in plant.equipment]
    x, y, w, h = _frame([*spans, *((0.0, 0.0, corner) for corners in lines.values() for corner in corners)])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="process-graphic" viewBox="{x:g} {y:g} {w:g} {h:g}"'
        f' role="img" aria-label="{escape(plant.name)}" font-family="Liberation Sans, Segoe UI, Arial, sans-serif">',
        f"<style>{(_STYLE + STYLE).replace(chr(10), '')}</style>",
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="6" markerHeight="6" orient="auto">'
        '<path class="tip" d="M0,0 L10,5 L0,10 Z"/></marker></defs>',
        *(_pipe(stream, lines[stream.name]) for stream in plant.streams),
        *(_equipment(item, at[item.id], item.id in left_below) for item in plant.equipment),
        *(draw_box(tag, boxes[tag.name]) for tag in shown),
        "</svg>",
    ]
    return "\n".join(parts)


def _frame(spans: list[tuple[float, float, Point]]) -> tuple[float, float, float, float]:
    """Left, top, width and height of what holds everything, given as widths, heights and middles."""
    left = min((x - w / 2 for w, _, (x, _) in spans), default=0.0) - _MARGIN
    top = min((y - h / 2 for _, h, (_, y) in spans), default=0.0) - _MARGIN
    right = max((x + w / 2 for w, _, (x, _) in spans), default=100.0) + _MARGIN
    bottom = max((y + h / 2 for _, h, (_, y) in spans), default=100.0) + _MARGIN
    return left, top, right - left, bottom - top


def _pipe(stream: ProcessStream, corners: list[Point]) -> str:
    path = " ".join(f"{'L' if index else 'M'}{x:g},{y:g}" for index, (x, y) in enumerate(corners))
    kind = "pipe" if stream.carries == "material" else stream.carries
    told = escape(stream.description or stream.name)
    drawn = f'class="{kind}" data-stream="{escape(stream.name)}" d="{path}" marker-end="url(#tip)"'
    return f"<path {drawn}><title>{told}</title></path>"


def _left_below(plant: Plant) -> set[str]:
    """Equipment below whose middle a line runs, so that its name stands to the left of it."""
    ends = (
        (end.equipment, port)
        for stream in plant.streams
        for end, port in zip((stream.source, stream.target), plant.ports(stream), strict=True)
    )
    return {name for name, port in ends if port.side == "bottom" and abs(port.along - 0.5) < _OFF_MIDDLE}


def _equipment(item: Equipment, middle: Point, is_left: bool) -> str:
    kind = item.type
    symbol = SYMBOLS[kind.symbol](kind.width, kind.height)
    caption = ""
    if kind.symbol == "arrow":
        caption = f'<text class="onbody" y="4">{escape(_short(item.name))}</text>'
    elif kind.symbol == "bubble":
        letters, _, number = item.id.partition("-")
        caption = "".join(
            f'<text class="onbody" y="{y}">{escape(_short(text, 6))}</text>'
            for y, text in ((-2, letters), (11, number))
        )
    elif kind.symbol not in _BARE:
        below = kind.height / 2 + 16
        side = ' x="-8" style="text-anchor:end"' if is_left else ""
        caption = f'<text class="caption"{side} y="{below:g}">{escape(item.id)} {escape(item.name)}</text>'
    return (
        f'<g class="equipment" data-equipment="{escape(item.id)}" transform="translate({middle[0]:g},{middle[1]:g})">'
        f"<title>{escape(item.id)} {escape(item.name)}</title>{symbol}{caption}</g>"
    )


def _short(name: str, most: int = 14) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _beside(tag: TagDefinition, plant: Plant, at: dict[str, Point]) -> Point:
    """Below the tag's equipment, each further tag of it one box lower."""
    x, y = at.get(tag.equipment, (0.0, 0.0))
    height = plant.equipment_by_id[tag.equipment].type.height if tag.equipment in plant.equipment_by_id else 0.0
    others = [other for other in plant.tags if other.shown and other.equipment == tag.equipment and not other.shown_at]
    return x, y + height / 2 + 40 + others.index(tag) * (HEIGHT + 4)
