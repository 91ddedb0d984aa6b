"""Where an axis has its ticks: round values, and round times on the plant's clock."""

from datetime import UTC, datetime
from math import ceil, floor, log10
from typing import Final
from zoneinfo import ZoneInfo

_TIME_STEPS_S: Final = (
    10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800,
)  # fmt: skip


def value_ticks(low: float, high: float, most: int) -> tuple[list[float], int]:
    """Ticks in steps of 1, 2 or 5 times a power of ten, at most about `most`, and the decimals that they need."""
    raw = (high - low) / max(1, most)
    power = 10.0 ** floor(log10(raw))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= raw * 0.999999)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [count * step for count in range(first, last + 1)], max(0, -floor(log10(step) + 1e-9))


def time_ticks(begin_us: int, span_s: float, zone: str, most: int) -> list[float]:
    """Ticks within `span_s` after a moment, in seconds after it, that are round on the zone's clock there."""
    begin = datetime.fromtimestamp(begin_us / 1e6, UTC).astimezone(ZoneInfo(zone))
    offset = begin.utcoffset()
    local_s = begin_us / 1e6 + (offset.total_seconds() if offset else 0.0)
    step = next((size for size in _TIME_STEPS_S if span_s / size <= most), _TIME_STEPS_S[-1])
    first, last = ceil(local_s / step), floor((local_s + span_s) / step)
    return [count * step - local_s for count in range(first, last + 1)]
