import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.reports.axes import time_ticks, value_ticks


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 10))
def test_ticks_are_round_lie_inside_and_are_few(low: float, extent: float, most: int) -> None:
    ticks, decimals = value_ticks(low, low + extent, most)
    assert len(ticks) <= most + 1
    near = max(extent * 1e-6, 4 * math.ulp(abs(low) + extent))
    assert all(low - near <= tick <= low + extent + near for tick in ticks)
    assert len({f"{tick:.{decimals}f}" for tick in ticks}) == len(ticks), "each tick reads differently"


def test_a_known_axis_has_the_ticks_one_would_draw() -> None:
    assert value_ticks(79.7, 85.3, 5) == ([80, 82, 84], 0)
    assert value_ticks(0.011, 0.029, 5)[1] == 3


def test_times_are_round_on_the_plants_own_clock() -> None:
    begin_us = 1_795_478_400_000_000 + 600_000_000  # 2026-11-24 00:10 UTC, 05:55 in Kathmandu
    assert time_ticks(begin_us, 7200.0, "Asia/Kathmandu", 8)[:2] == [300.0, 1200.0]
    assert time_ticks(begin_us, 7200.0, "UTC", 8)[0] == 300.0
    assert time_ticks(0, 28_800.0, "UTC", 7) == pytest.approx([0, 7200, 14_400, 21_600, 28_800])
