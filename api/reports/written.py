"""Numbers, units, spans and moments as people read them."""

from datetime import UTC, datetime
from math import isfinite, log10
from typing import Final
from zoneinfo import ZoneInfo

DASH: Final = "—"
_SIGNS: Final = {"degC": "°C", "delta_degC": "K", "percent": "%", "dimensionless": ""}
_OF_DIFFERENCES: Final = {"degC": "K", "%": "%-points", "percent": "%-points"}


def number(value: float | None, decimals: int, *, signed: bool = False) -> str:
    """A number with a true minus, thousands apart, and where asked a plus; a dash for what is not known."""
    if value is None or not isfinite(value):
        return DASH
    text = f"{value:+,.{decimals}f}" if signed else f"{value:,.{decimals}f}"
    if not text.strip("+-0.,"):
        text = text.lstrip("+-")
    return text.replace(",", "\N{NARROW NO-BREAK SPACE}").replace("-", "−")


def unit_sign(unit: str) -> str:
    """A unit as a person writes it."""
    return _SIGNS.get(unit, unit.replace("^2", "²").replace("^3", "³"))


def quantity(value: float | None, decimals: int, unit: str) -> str:
    """A number and its unit."""
    return f"{number(value, decimals)} {unit_sign(unit)}".rstrip()


def difference(value: float | None, decimals: int, unit: str) -> str:
    """A difference of two values in `unit`, with its sign; of temperatures in K, of percents in points."""
    return f"{number(value, decimals, signed=True)} {unit_sign(_OF_DIFFERENCES.get(unit, unit))}".rstrip()


def money(value: float | None, unit: str, *, signed: bool = False) -> str:
    """An amount in a currency (or one of it per hour), to about three figures."""
    size = 2.0 if value is None or not isfinite(value) or value == 0 else max(log10(abs(value)), 0.0)
    return f"{number(value, max(0, 2 - int(size)), signed=signed)} {unit}".rstrip()


def span(seconds: float) -> str:
    """A time span in the two units that tell most of it: 45 s, 20 min, 1 h 20 min, 3 d 4 h."""
    left = round(seconds)
    parts = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        parts.append((count, unit))
    first = next((k for k, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count) or "0 s"


def moment(us: float, zone: str, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """A moment (microseconds UTC) on the clock of a time zone."""
    return datetime.fromtimestamp(us / 1e6, UTC).astimezone(ZoneInfo(zone)).strftime(form)


def zone_offset(us: float, zone: str) -> str:
    """How a zone's clock differs from UTC at a moment: UTC+01:00."""
    text = moment(us, zone, "%z")
    return f"UTC{text[:3]}:{text[3:]}".replace("-", "−")
