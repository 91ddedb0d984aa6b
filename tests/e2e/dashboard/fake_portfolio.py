"""An invented portfolio of the fake API's two plants, as the API tells and draws it."""

from typing import Any

from fake_plants import HOSTILE


def _measure(plant: str, tag: str, unit: str, scale: float, decimals: int) -> dict[str, Any]:
    return {
        "plant": plant, "tag": tag, "description": f"about {tag}", "unit": unit, "scale": scale, "offset": 0.0,
        "decimals": decimals,
    }  # fmt: skip


def _use(at: str, load: float, unit: str, measure: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"at": at, "load": {"value": load, "unit": unit}, "scale": 1.0, "measure": measure}


PRODUCT = _measure("williams-otto", "FI-103", "t/h", 3.6, 2)
WATER = _measure("williams-otto", "FIC-101.PV", "t/h", 3.6, 3)

PORTFOLIO: dict[str, Any] = {
    "id": "pair",
    "name": "A pair of plants",
    "description": HOSTILE,
    "revision": 1,
    "facilities": [
        {"id": "S", "name": "Site", "place": "", "plants": ["williams-otto", "tennessee-eastman"], "equipment": 30,
         "tags": 55},
    ],
    "transfers": [
        {"name": "T-1", "source": "williams-otto/P", "target": "tennessee-eastman/F", "commodity": "Product",
         "quantity": {"value": 24.0, "unit": "t/h"}, "measure": PRODUCT},
    ],
    "utilities": [
        {"id": "WATER", "name": "Cooling water", "carries": "material", "capacity": {"value": 10.0, "unit": "t/h"},
         "load": {"value": 8.0, "unit": "t/h"}, "providers": ["Water works"],
         "uses": [_use("williams-otto/E-101", 7.0, "t/h", WATER), _use("tennessee-eastman/E-2", 1.0, "t/h")]},
    ],
    "contracts": [
        {"id": "C-1", "name": "Product", "kind": "sale", "party": HOSTILE, "commodity": "Product",
         "quantity": {"value": 20000.0, "unit": "t/year"}, "points": ["williams-otto/P"], "since": "2026-01-01",
         "until": "2029-01-01", "price": {"value": 12.5, "unit": "USD/t"}, "holds": True},
        {"id": "C-0", "name": "Feed", "kind": "purchase", "party": "Old supplier", "commodity": "Feed",
         "quantity": {"value": 3.0, "unit": "m3/h"}, "points": ["williams-otto/F"], "since": "2020-01-01",
         "until": "2021-01-01", "price": None, "holds": False},
    ],
    "commodities": [],
}  # fmt: skip


def _plant(name: str, x: int) -> str:
    limits = "".join(f'<text class="limit" data-row="{row}" x="34" y="{84 + 20 * row}"></text>' for row in range(3))
    return (
        f'<g class="plant" data-plant="{name}" transform="translate({x},100)">'
        '<rect width="330" height="140" fill="#eceeef"/>'
        f'<text x="14" y="28">{name}</text><text class="condition" x="316" y="28" text-anchor="end">—</text>'
        '<text class="figure count" x="98" y="57">—</text><text class="figure age" x="316" y="57">—</text>'
        f"{limits}</g>"
    )


DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 400">'
    f"{_plant('williams-otto', 40)}{_plant('tennessee-eastman', 600)}"
    '<g class="tag" data-tag="williams-otto/FI-103" transform="translate(485,170)"><rect x="-70" y="-15" width="140"'
    ' height="30" fill="#f4f5f6"/><text class="label" x="-64" y="4">FI-103</text>'
    '<text class="value" x="40" y="5">—</text>'
    '<text class="unit" x="64" y="5">t/h</text></g></svg>'
)
