"""Rule one-row in the database: whatever order, chunking and way contents come in, the pure function's winner stays."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.historian.bisect import write_rows
from stream.historian.one_row import Content, winner
from stream.historian.rows import Rows

START = 1_795_478_400_000_000

contents = st.builds(
    Content,
    st.sampled_from([1.0, 2.5, -7.0, float("nan")]),
    st.sampled_from([0, -32768]),
    st.integers(0, 2),
    st.integers(0, 1),
)
offered = st.lists(st.tuples(st.integers(1, 2), st.integers(0, 1), contents), min_size=1, max_size=8)


def rows_of(group: list[tuple[int, int, Content]]) -> Rows:
    parts = [
        Rows.make(
            np.array([tag], np.int32),
            np.array([START + time], np.int64),
            np.array([content.value]),
            np.array([content.quality], np.int16),
            version=content.version,
            rank=content.rank,
        )
        for tag, time, content in group
    ]
    return Rows.concatenate(parts).sorted()


def said(value: float, quality: int) -> tuple[str, int]:
    return repr(value), quality


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(several=offered, data=st.data())
async def test_one_row_winners_and_losers_do_not_depend_on_the_order_of_arrival(
    writer: Any, several: list[tuple[int, int, Content]], data: st.DataObject
) -> None:
    seen = []
    for _ in range(2):
        order = data.draw(st.permutations(several))
        cut = data.draw(st.integers(0, len(order)))
        await writer.execute("TRUNCATE reading, reading_rank, reading_revision")
        async with writer.transaction():
            for group in (order[:cut], order[cut:]):
                # Rows of ordinary standing may come by plain COPY first, as live batches do.
                rows = rows_of(group) if group else Rows.concatenate([])
                plain = len(rows) > 0 and rows.ordinary() and not rows.repeated().any()
                assert await write_rows(writer, rows, staged=not plain) == []
        kept = await (await writer.execute("SELECT tag_id, ts, value, quality FROM reading ORDER BY 1, 2")).fetchall()
        lost = await (
            await writer.execute(
                "SELECT tag_id, ts, value, quality, version, rank FROM reading_revision ORDER BY 1, 2, 3, 4"
            )
        ).fetchall()
        seen.append(repr((kept, lost)))
    assert seen[0] == seen[1]
    by_key: dict[tuple[int, int], list[Content]] = {}
    for tag, time, content in several:
        by_key.setdefault((tag, time), []).append(content)
    best = [winner(by_key[key]) for key in sorted(by_key)]
    assert [said(row[2], row[3]) for row in kept] == [said(one.value, one.quality) for one in best]
    distinct = {(*key, *said(one.value, one.quality)) for key, group in by_key.items() for one in group}
    assert len(lost) == len(distinct) - len(kept)


async def test_one_row_equal_content_is_ignored(writer: Any) -> None:
    rows = rows_of([(1, 0, Content(1.0, 0)), (1, 1, Content(2.0, 0))])
    for _ in range(3):
        async with writer.transaction():
            assert await write_rows(writer, rows, staged=False) == []
    assert await (await writer.execute("SELECT count(*) FROM reading")).fetchall() == [(2,)]
    assert await (await writer.execute("SELECT count(*) FROM reading_revision")).fetchall() == [(0,)]
