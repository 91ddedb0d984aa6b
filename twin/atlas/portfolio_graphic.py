"""The picture of a portfolio as SVG text: plants whose state a screen fills in place, and what joins them."""

from collections.abc import Iterator
from datetime import date
from html import escape
from typing import Final

from twin.atlas.equipment import Point
from twin.atlas.portfolio import Contract, InPlant, Portfolio, Transfer, Use, Utility
from twin.atlas.portfolio_layout import Box, PortfolioLayout, lay_out, served
from twin.atlas.portfolio_rollups import utility_loads
from twin.atlas.quantities import Quantity

LIMIT_ROWS: Final = 3
"""How many of a plant's values beyond their limits have room in its box."""

_BOX: Final = (148.0, 30.0)
_STYLE: Final = """
.frame{fill:#dcdfe1;stroke:#a9b0b5;stroke-width:1;stroke-dasharray:2 3}.pipe{fill:none;stroke:#6f777d;stroke-width:2.2}
.energy{fill:none;stroke:#8b9399;stroke-width:2;stroke-dasharray:10 3}
.signal{fill:none;stroke:#8b9399;stroke-width:1;stroke-dasharray:5 4}.idle{opacity:.4}
.bar{fill:none;stroke:#5b6369;stroke-width:4;stroke-linecap:round}.contract .bar{stroke:#8b9399;stroke-width:2}
.dot{fill:#5b6369}.tip{fill:#6f777d}.ground{fill:#e4e6e7}
.plant>rect{fill:#eceeef;stroke:#5b6369;stroke-width:1.8}.plant-name{font-size:17px;font-weight:600;fill:#2b3035}
.caption{font-size:13px;fill:#50585e;paint-order:stroke;stroke:#e4e6e7;stroke-width:5px;stroke-linejoin:round}
.strong{font-size:13px;font-weight:600;fill:#2b3035}.soft{font-size:12px;fill:#5a6268}
.condition{font-size:13px;font-weight:600;text-anchor:end;fill:#2b3035}
.figure{font-size:15px;font-weight:600;fill:#1f2a33;font-variant-numeric:tabular-nums}.end{text-anchor:end}
.tag rect{fill:#f4f5f6;stroke:#a9b0b5;stroke-width:1}.tag .label{font-size:11px;fill:#5a6268}
.tag .value{font-size:15px;font-weight:600;text-anchor:end;fill:#1f2a33;font-variant-numeric:tabular-nums}
.tag .unit{font-size:11px;text-anchor:end;fill:#5a6268}.plan{font-size:12px;fill:#3a4146}.middle{text-anchor:middle}
""".strip()


def draw_portfolio(portfolio: Portfolio, on: date) -> str:
    """The picture, scalable; `on` is the day whose contracts are in force, others are drawn pale.

    A group `<g class="plant" data-plant="…">` holds texts of the classes `condition`, `age`, `count` and `limit`; a
    group `<g class="tag" data-tag="plant/tag">` those of a tag's box, to be filled in the unit that stands there.
    Every text is escaped; there is no script and nothing is fetched.
    """
    layout = lay_out(portfolio)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="portfolio-graphic" viewBox="0 0 {layout.width:g}'
        f' {layout.height:g}" role="img" aria-label="{escape(portfolio.name)}"'
        ' font-family="Liberation Sans, Segoe UI, Arial, sans-serif">',
        f"<style>{_STYLE.replace(chr(10), '')}</style>",
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="6" markerHeight="6" orient="auto">'
        '<path class="tip" d="M0,0 L10,5 L0,10 Z"/></marker></defs>',
        *(_facility(portfolio, name, box) for name, box in layout.facilities.items()),
        *(part for contract in portfolio.contracts for part in _contract(portfolio, contract, layout, on)),
        *(part for utility in portfolio.utilities for part in _utility(portfolio, utility, layout)),
        *(_plant(portfolio, name, box) for name, box in layout.plants.items()),
        *(part for transfer in portfolio.transfers for part in _transfer(portfolio, transfer, layout)),
        "</svg>",
    ]
    return "\n".join(parts)


def written(quantity: Quantity) -> str:
    """A planned quantity as the picture writes it: `20,000 t/year`."""
    return f"{quantity.value:,.6g} {_unit(quantity)}".rstrip() if abs(quantity.value) < 1e6 else f"{quantity}"


def _facility(portfolio: Portfolio, name: str, box: Box) -> str:
    facility = next(one for one in portfolio.facilities if one.id == name)
    told = ", ".join(filter(None, (facility.name, facility.place)))
    frame = f'<rect class="frame" x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" rx="6"/>'
    return f'{frame}<text class="caption" x="{box.x + 4:g}" y="{box.y - 7:g}">{escape(told)}</text>'


def _plant(portfolio: Portfolio, name: str, box: Box) -> str:
    plant = portfolio.plants[name]
    right = box.width - 14
    limits = "".join(
        f'<text class="soft limit" data-row="{row}" x="34" y="{84 + 20 * row}"></text>' for row in range(LIMIT_ROWS)
    )
    return (
        f'<g class="plant" data-plant="{escape(name)}" transform="translate({box.x:g},{box.y:g})">'
        f"<title>{escape(plant.name)}: {escape(plant.description)}</title>"
        f'<rect width="{box.width:g}" height="{box.height:g}" rx="4"/>'
        f'<text class="plant-name" x="14" y="28">{escape(plant.name)}</text>'
        f'<text class="condition" x="{right:g}" y="28">—</text>'
        f'<text class="soft" x="14" y="56">Beyond limits</text><text class="figure count" x="106" y="57">—</text>'
        f'<text class="soft end" x="{right - 66:g}" y="56">Data age</text>'
        f'<text class="figure age end" x="{right:g}" y="57">—</text>{limits}</g>'
    )


def _contract(portfolio: Portfolio, contract: Contract, layout: PortfolioLayout, on: date) -> Iterator[str]:
    y = layout.bars[contract.id]
    until = "until further notice" if contract.until is None else f"until {contract.until}"
    what = f"{'sale to' if contract.kind == 'sale' else 'from'} {contract.party}: {contract.commodity},"
    yield f'<g class="contract{"" if contract.holds(on) else " idle"}" data-contract="{escape(contract.id)}">'
    yield f'<path class="bar" d="M{layout.left:g},{y:g} H{layout.right:g}"/>'
    yield (
        f'<text class="caption" x="{layout.left:g}" y="{y - 8:g}"><tspan class="strong">{escape(contract.id)}</tspan>'
        f" {escape(what)} {escape(written(contract.quantity))}, {until}</text>"
    )
    for number, point in enumerate(contract.points):
        x, end, told = _met(contract, number, point, layout)
        ends = (y, end) if contract.kind == "purchase" else (end, y)
        if told is None:  # It meets a utility's bar, left of all captions.
            yield f'<path class="bar" d="M{x:g},{y:g} H{layout.left:g} M{x:g},{end:g} H{layout.left:g}"/>'
        yield _line(_kind(portfolio, point), [(x, ends[0]), (x, ends[1])])
        yield f'<circle class="dot" cx="{x:g}" cy="{y:g}" r="4"/>'
        yield f'<text class="soft" x="{x + 6:g}" y="{end - 8:g}">{escape(told or "")}</text>'
    yield "</g>"


def _met(
    contract: Contract, number: int, point: InPlant | str, layout: PortfolioLayout
) -> tuple[float, float, str | None]:
    """Where a contract's line runs and ends, and what it meets there; None for a utility's bar."""
    plant = served(point)
    if plant is None:
        return layout.left - 24.0, layout.bars[str(point)], None
    told = point.name if isinstance(point, InPlant) else None
    return layout.taps[contract.id, number], layout.plants[plant].y, told


def _kind(portfolio: Portfolio, point: InPlant | str) -> str:
    if isinstance(point, InPlant):
        carries = portfolio.carries_at(point)
    else:
        carries = portfolio.utilities_by_id[point].carries
    return "pipe" if carries == "material" else carries


def _utility(portfolio: Portfolio, utility: Utility, layout: PortfolioLayout) -> Iterator[str]:
    y = layout.bars[utility.id]
    given = ", ".join(f"{one.at or one.name} up to {written(one.capacity)}" for one in utility.providers)
    total = next(one for one in utility_loads(portfolio) if one.utility == utility.id)
    kind = "pipe" if utility.carries == "material" else utility.carries
    yield f'<g class="utility" data-utility="{escape(utility.id)}">'
    yield f'<path class="bar" d="M{layout.left:g},{y:g} H{layout.right:g}"/>'
    yield (
        f'<text class="caption" x="{layout.left:g}" y="{y + 18:g}"><tspan class="strong">{escape(utility.name)}</tspan>'
        f" from {escape(given)}; load by design {escape(written(total.load))}, {100 * total.share:.0f} %</text>"
    )
    for number, use in enumerate(utility.consumers):
        x, end = layout.taps[utility.id, number], layout.plants[use.at.plant].bottom
        yield _line(kind, [(x, y), (x, end)])
        yield f'<circle class="dot" cx="{x:g}" cy="{y:g}" r="4"/>'
        yield _measured(portfolio, use, (x, y - 27.0))
    yield "</g>"


def _transfer(portfolio: Portfolio, transfer: Transfer, layout: PortfolioLayout) -> Iterator[str]:
    corners = layout.transfers[transfer.name]
    (x1, y1), (x2, _) = corners[len(corners) // 2 - 1], corners[len(corners) // 2]
    middle = ((x1 + x2) / 2, y1)
    yield f'<g class="transfer" data-transfer="{escape(transfer.name)}">'
    yield _line("pipe", list(corners))
    yield f'<text class="strong middle" x="{middle[0]:g}" y="{middle[1] - 22:g}">{escape(transfer.commodity)}</text>'
    if transfer.tag is not None:
        yield _box(portfolio, transfer.tag, transfer.quantity, middle)
        planned = f"planned {written(transfer.quantity)}"
        yield f'<text class="soft middle" x="{middle[0]:g}" y="{middle[1] + 32:g}">{escape(planned)}</text>'
    else:
        yield _plan(written(transfer.quantity), middle)
    yield "</g>"


def _measured(portfolio: Portfolio, use: Use, middle: Point) -> str:
    if use.tag is not None:
        return _box(portfolio, use.tag, use.load, middle)
    return _plan(f"{use.at.name} {written(use.load)}", middle)


def _plan(text: str, middle: Point) -> str:
    """A planned quantity that nobody measures: a box without a frame."""
    x, y, w = middle[0], middle[1], _BOX[0]
    ground = f'<rect x="{x - w / 2:g}" y="{y - 10:g}" width="{w:g}" height="20" class="ground"/>'
    return f'{ground}<text class="plan middle" x="{x:g}" y="{y + 4:g}">{escape(text)}</text>'


def _box(portfolio: Portfolio, tag: InPlant, like: Quantity, middle: Point) -> str:
    """The box of a measured value, in the unit of what is planned."""
    w, h = _BOX
    definition = portfolio.plants[tag.plant].tags_by_name[tag.name]
    unit = _unit(like)
    value_at = w / 2 - 12 - 8 * len(unit)
    return (
        f'<g class="tag" data-tag="{escape(str(tag))}" transform="translate({middle[0]:g},{middle[1]:g})" tabindex="0">'
        f"<title>{escape(tag.name)} {escape(definition.description)}</title>"
        f'<rect x="{-w / 2:g}" y="{-h / 2:g}" width="{w:g}" height="{h:g}" rx="3"/>'
        f'<text class="label" x="{6 - w / 2:g}" y="4">{escape(definition.loop)}</text>'
        f'<text class="value" x="{value_at:g}" y="5">—</text>'
        f'<text class="unit" x="{w / 2 - 6:g}" y="5">{escape(unit)}</text></g>'
    )


def _line(kind: str, corners: list[Point]) -> str:
    path = " ".join(f"{'L' if index else 'M'}{x:g},{y:g}" for index, (x, y) in enumerate(corners))
    return f'<path class="{kind}" d="{path}" marker-end="url(#tip)"/>'


def _unit(quantity: Quantity) -> str:
    return quantity.unit.text.strip().replace("m3", "m³").replace("m^3", "m³")
