"""Downsampling keeps the ends, the extremes and the changes of quality."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.store.downsample import pick_points


@settings(deadline=None)
@given(st.integers(0, 3000), st.integers(3, 400), st.integers(0, 2**31))
def test_at_most_the_points_asked_for_in_order_with_both_ends(n: int, points: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=n)
    values[rng.random(n) < 0.1] = np.nan
    quality = np.where(rng.random(n) < 0.05, np.uint32(0x8000_0000), np.uint32(0)).astype(np.uint32)
    chosen = pick_points(np.arange(n, dtype=np.int64), values, quality, points)
    assert len(chosen) <= max(points, 0)
    assert len(chosen) == n or len(chosen) >= min(points // 3, n)
    assert (np.diff(chosen) > 0).all()
    if n:
        assert (chosen[0], chosen[-1]) == (0, n - 1)


@given(st.integers(1, 3000), st.integers(5, 300), st.integers(0, 2**31))
def test_the_extremes_stay_and_what_is_no_number_is_not_drawn_over(n: int, points: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=n).cumsum()
    gap = slice(*sorted(rng.integers(0, n, size=2)))
    values[gap] = np.nan
    quality = np.where(np.isnan(values), np.uint32(0x8000_0000), np.uint32(0)).astype(np.uint32)
    chosen = pick_points(np.arange(n, dtype=np.int64), values, quality, points)
    assert {int(np.nanargmin(values)), int(np.nanargmax(values))} <= set(chosen.tolist())
    if points >= 16 and gap.stop > gap.start:
        ends = {gap.start, gap.stop - 1, max(0, gap.start - 1), gap.stop}
        assert ends <= set(chosen.tolist())


def test_nothing_but_gaps_keeps_its_ends() -> None:
    chosen = pick_points(np.arange(100), np.full(100, np.nan), np.full(100, 0x8000_0000, np.uint32), 10)
    assert chosen.tolist() == [0, 99]


def test_a_spike_stays() -> None:
    values = np.zeros(100_000)
    values[54_321] = 9.0
    chosen = pick_points(np.arange(100_000, dtype=np.int64), values, np.zeros(100_000, np.uint32), 200)
    assert 54_321 in chosen


def test_the_ends_of_a_bad_stretch_stay() -> None:
    quality = np.zeros(10_000, np.uint32)
    quality[4_000:4_500] = 0x8000_0000
    chosen = pick_points(np.arange(10_000, dtype=np.int64), np.sin(np.arange(10_000.0)), quality, 50)
    assert {3_999, 4_000, 4_499, 4_500} <= set(chosen.tolist())


def test_too_few_points_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 3"):
        pick_points(np.arange(5), np.arange(5.0), np.zeros(5, np.uint32), 2)
