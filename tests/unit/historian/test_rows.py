"""Rows: sorted, counted, marked."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from stream.historian.dirty import MINUTE_US, dirty_ranges
from stream.historian.rows import Rows

ids = arrays.arrays(np.int32, st.shared(st.integers(0, 60), key="n"), elements=st.integers(0, 5))


def times(span: int) -> st.SearchStrategy[np.ndarray]:
    return arrays.arrays(np.int64, st.shared(st.integers(0, 60), key="n"), elements=st.integers(0, span))


def rows_of(tag_ids: np.ndarray, at: np.ndarray) -> Rows:
    n = len(tag_ids)
    return Rows.make(tag_ids, at, np.arange(n, dtype=np.float64), np.zeros(n, np.int16))


@settings(deadline=None)
@given(ids, st.sampled_from([10, 2**31, 2**32 - 1, 2**32, 2**40]).flatmap(times))
def test_rows_are_sorted_by_tag_and_time_whatever_their_span(tag_ids: np.ndarray, at: np.ndarray) -> None:
    rows = rows_of(tag_ids, at).sorted()
    pairs = list(zip(rows.tag_ids.tolist(), rows.times.tolist(), strict=True))
    assert pairs == sorted(zip(tag_ids.tolist(), at.tolist(), strict=True))
    assert sorted(rows.values.tolist()) == list(range(len(tag_ids)))
    repeated = [pairs.count(pair) > 1 for pair in pairs]
    assert rows.repeated().tolist() == repeated
    newest = rows.newest()
    assert dict(zip(newest.tag_ids.tolist(), newest.times.tolist(), strict=True)) == dict(pairs)
    assert len(newest) == len(set(tag_ids.tolist()))


@settings(deadline=None)
@given(ids, times(20 * MINUTE_US))
def test_dirty_ranges_name_exactly_the_minutes_of_the_rows(tag_ids: np.ndarray, at: np.ndarray) -> None:
    ranges = dirty_ranges(rows_of(tag_ids, at).sorted())
    named = [
        (int(tag), minute)
        for one in ranges
        for minute in range(one.from_us // MINUTE_US, one.to_us // MINUTE_US)
        for tag in one.tag_ids
    ]
    assert len(named) == len(set(named))
    assert set(named) == set(zip(tag_ids.tolist(), (at // MINUTE_US).tolist(), strict=True))


def test_dirty_ranges_of_a_regular_back_fill_are_one() -> None:
    at = np.tile(np.arange(0, 6 * 60 * MINUTE_US, 1_000_000), 3)
    tags = np.repeat(np.array([1, 2, 3], np.int32), len(at) // 3)
    [only] = dirty_ranges(rows_of(tags, at).sorted())
    assert (only.from_us, only.to_us, only.tag_ids.tolist()) == (0, 360 * MINUTE_US, [1, 2, 3])
