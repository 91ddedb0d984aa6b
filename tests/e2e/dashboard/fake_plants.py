"""Two invented plants for the fake API: tag lists, drawings, and values as a pure function of time."""

import hashlib
import math
from dataclasses import dataclass, field, replace
from html import escape

GOOD = 0
UNCERTAIN = 0x4094_0000
BAD = 0x808C_0000
MANUAL = 0x0096_0000


@dataclass(frozen=True)
class FakeTag:
    """A tag as the API describes it, with what its value does."""

    name: str
    description: str
    unit: str
    low: float
    high: float
    base: float
    swing: float
    decimals: int = 2
    limits: dict[str, float] = field(default_factory=dict)
    equipment: str = ""
    kind: str = "measured"
    states: tuple[str, ...] = ()
    quality: int = GOOD
    stale: bool = False

    def value_at(self, time_s: float) -> float:
        """Two slow waves and a little noise, the same for the same time."""
        phase = int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:2]) / 65535 * 6.28
        if self.states:
            return float(int(self.base))
        noise = math.sin(time_s * 12.9898 + phase * 78.233) * 43758.5453
        wave = 0.6 * math.sin(time_s / 310 + phase) + 0.3 * math.sin(time_s / 47 + 2 * phase)
        return self.base + self.swing * (wave + 0.1 * ((noise % 1) - 0.5))

    def limit_at(self, time_s: float) -> int:
        """Side and rank of the limit that the value has passed."""
        value = self.value_at(time_s)
        for name, rank in (("high_high", 2), ("high", 1)):
            if name in self.limits and value > self.limits[name]:
                return rank
        for name, rank in (("low_low", -2), ("low", -1)):
            if name in self.limits and value < self.limits[name]:
                return rank
        return 0

    def description_json(self) -> dict[str, object]:
        """The tag as `GET /v1/plants/{id}` lists it."""
        kept = ("name", "description", "unit", "low", "high", "decimals", "limits", "equipment", "kind")
        return {name: getattr(self, name) for name in kept} | {"states": list(self.states)}


HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'

_REACTOR = (
    FakeTag(
        "TIC-101.PV",
        "Reactor temperature",
        "degC",
        20,
        150,
        89.7,
        1.4,
        2,
        {"low": 84.0, "high": 89.0, "high_high": 95.0},
        "R-101",
    ),
    FakeTag("TIC-101.SP", "Reactor temperature set point", "degC", 20, 150, 89.7, 0.0, 2, {}, "R-101", "setpoint"),
    FakeTag("TIC-101.OP", "Reactor temperature output", "%", 0, 100, 46.0, 5.0, 1, {}, "R-101", "output"),
    FakeTag(
        "TIC-101.MODE",
        "Reactor temperature mode",
        "",
        0,
        3,
        1,
        0,
        0,
        {},
        "R-101",
        "mode",
        ("Manual", "Automatic", "Cascade"),
    ),
    FakeTag(
        "LIC-101.PV",
        "Reactor level",
        "%",
        0,
        100,
        61.0,
        3.0,
        1,
        {"low_low": 20.0, "low": 35.0, "high": 80.0, "high_high": 90.0},
        "R-101",
    ),
    FakeTag("FIC-101.PV", "Feed A flow", "kg/s", 0, 4, 1.8275, 0.04, 4, {"low": 1.5, "high": 2.1}, "P-101"),
    FakeTag(
        "FIC-102.PV", "Feed B flow", "kg/s", 0, 10, 4.787, 0.06, 3, {"low": 4.0, "high": 5.2, "high_high": 5.6}, "P-102"
    ),
    FakeTag(
        "TIC-102.PV", "Jacket temperature", "degC", 20, 150, 114.0, 1.0, 2, {"high": 125.0, "high_high": 130.0}, "E-101"
    ),
    FakeTag("TI-103", "Feed A temperature", "degC", 0, 120, 60.0, 0.5, 1, {}, "P-101", quality=UNCERTAIN),
    FakeTag("TI-104", "Jacket outlet temperature", "degC", 20, 150, 101.0, 1.0, 1, {}, "E-101", quality=BAD),
    FakeTag("FI-103", "Product flow", "kg/s", 0, 12, 6.61, 0.08, 3, {}, "R-101"),
    FakeTag("FI-104", "Jacket water flow", "kg/s", 0, 20, 9.4, 0.2, 2, {}, "E-101", stale=True),
    FakeTag(
        "AI-101E",
        "Product, mass fraction of E",
        "kg/kg",
        0,
        1,
        0.2909,
        0.002,
        4,
        {"low": 0.27},
        "R-101",
        quality=MANUAL,
    ),
    FakeTag(
        "XS-901",
        "Next scheduled disturbance",
        "",
        0,
        3,
        1,
        0,
        0,
        {},
        "",
        "mode",
        ("none", "Feed A gets colder", "Fouling"),
    ),
    FakeTag("HT-666", HOSTILE, "degC", 0, 100, 50.0, 5.0, 1, {"high": 1.0}, "<b>bold</b>"),
)
_WORDS = (
    "A feed",
    "D feed",
    "E feed",
    "Reactor feed",
    "Purge",
    "Separator",
    "Stripper",
    "Compressor",
    "Condenser",
    "Steam",
)
_MEASURES = (("flow", "FI", "kscm/h"), ("temperature", "TI", "degC"), ("pressure", "PI", "kPa"), ("level", "LI", "%"))
_LARGE = tuple(
    FakeTag(
        f"{code}-{200 + 10 * i + j}",
        f"{word} {measure}",
        unit,
        0,
        120,
        40.0 + 5 * j + i,
        1.5,
        2,
        {"high": 58.0} if j == 2 else {},
        word,
    )
    for i, word in enumerate(_WORDS)
    for j, (measure, code, unit) in enumerate(_MEASURES)
)


@dataclass(frozen=True)
class FakePlant:
    """One invented plant."""

    id: str
    name: str
    time_zone: str
    tags: tuple[FakeTag, ...]
    next_what: str
    drawing: str = ""

    def graphic(self) -> str:
        """A small drawing in the form that the contract gives: groups of class `tag` with label, value and unit."""
        if self.drawing:
            return self.drawing
        shown = self.tags[:12]
        groups = "".join(
            f'<g class="tag" data-tag="{escape(tag.name)}">'
            f'<text class="label" x="{x}" y="{y}" font-size="12" fill="#555">{escape(tag.name)}</text>'
            f'<text class="value" x="{x + 58}" y="{y + 20}" font-size="15" text-anchor="end">—</text>'
            f'<text class="unit" x="{x + 64}" y="{y + 20}" font-size="12" fill="#666">{escape(tag.unit)}</text></g>'
            for tag, (x, y) in zip(shown, [(60 + 200 * (k % 4), 60 + 150 * (k // 4)) for k in range(12)], strict=False)
        )
        vessel = '<rect x="330" y="150" width="140" height="180" rx="60" fill="#d0d4d6" stroke="#6c757d"/>'
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 480">'
            f'<g class="equipment" data-equipment="R-101">{vessel}</g>{groups}</svg>'
        )


def plants() -> tuple[FakePlant, ...]:
    """The two plants; the second has forty tags."""
    odd = replace(_LARGE[0], stale=True)
    return (
        FakePlant("williams-otto", "Williams-Otto reactor", "Europe/Berlin", _REACTOR, "Feed A gets colder"),
        FakePlant("tennessee-eastman", "Tennessee Eastman process", "UTC", (odd, *_LARGE[1:]), "Cooling water warms"),
    )
