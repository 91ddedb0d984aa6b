"""The line to the field is cut, the server restarts, the connector is killed: nothing is lost, doubled or reordered.

Against servers of two makes, because each hides other faults of a client.
"""

import asyncio
import itertools
import json

import pytest

from connectors.opcua.backfill import GAPS

OUTAGE_S = 2.0
HISTORY = 100_000


def since_first(line, field, tag_id):
    """What a tag's live readings should be: all that was offered since the first one of them."""
    live, offered = line.readings(tag_id, "live"), field.written.of(tag_id)
    return live, offered[offered.index(live[0]) :]


@pytest.fixture(params=["asyncua_field", "node_field"])
def any_field(request):
    return request.getfixturevalue(request.param)


async def test_a_cut_that_the_session_survives_loses_doubles_and_reorders_nothing(any_field, proxy_to, line_to, until):
    field = await any_field(tags=30, period_s=0.1)
    proxy = await proxy_to(field.port)
    line = line_to(f"opc.tcp://127.0.0.1:{proxy.port}", tags=30)
    await line.start()
    await until(lambda: len(line.readings(30, "live")) > 5, "live values")
    for _ in range(2):
        await proxy.cut()
        await asyncio.sleep(OUTAGE_S)
        await proxy.mend()
        newest = field.written.of(30)[-1]
        await until(lambda newest=newest: newest in line.readings(30, "live"), "what was offered during the cut")
    last = field.written.of(30)[-1]
    await until(lambda: last in line.readings(30, "live"), "values after the last cut")
    for tag_id in range(1, 31):
        live, offered = since_first(line, field, tag_id)
        assert live == offered[: len(live)]
        assert last[0] <= live[-1][0]


def rising(readings):
    return all(earlier[0] < later[0] for earlier, later in itertools.pairwise(readings))


async def write_unheard(field, times):
    """Let a stopped server's plant go on: only history will know."""
    for _ in range(times):
        await field.write()
        await asyncio.sleep(0.02)
    return field.written.of(5)[-1]


async def test_back_fill_after_a_server_restart_brings_what_its_history_kept(asyncua_field, line_to, until):
    field = await asyncua_field()
    line = line_to(field.endpoint)
    await line.start()
    await until(lambda: len(line.readings(5, "live")) > 5, "live values")
    await field.stop()
    unheard = await write_unheard(field, 30)
    await field.start()
    await until(lambda: unheard in line.readings(5, "backfill"), "what was kept while nobody could connect")
    await until(lambda: line.readings(5, "live")[-1][0] > unheard[0], "live values again")
    for tag_id in range(1, 6):
        live, every = line.readings(tag_id, "live"), line.readings(tag_id)
        assert rising(live)
        assert set(every) == {reading for reading in field.written.of(tag_id) if reading[0] <= live[-1][0]}


async def test_back_fill_that_no_history_allows_is_recorded_as_a_gap(asyncua_field, line_to, until, caplog):
    field = await asyncua_field(history=False)
    line = line_to(field.endpoint)
    await line.start()
    unfilled = GAPS.labels("plant", "opcua", "not filled")
    before = unfilled._value.get()
    await until(lambda: unfilled._value.get() == before + 5, "the first start's gap of five tags")
    await until(lambda: len(line.readings(5, "live")) > 5, "live values")
    caplog.clear()
    await field.stop()
    unheard = await write_unheard(field, 3)
    await field.start()
    await until(lambda: unfilled._value.get() == before + 10, "the restart's gap of five tags")
    assert "5 of 5 tags have nothing in the server's history (GoodNoData" in caplog.text
    await until(lambda: line.readings(5, "live")[-1][0] > unheard[0], "live values again")
    assert line.readings(5, "backfill") == []


async def test_back_fill_after_a_kill_reads_from_the_last_spooled_time_less_an_overlap(
    any_field, line_to, killed, until
):
    field = await any_field(history=HISTORY)
    line = line_to(field.endpoint, overlap_s=0.3)
    await line.start()
    await until(lambda: len(line.readings(5, "live")) > 20 and line.readings(5, "backfill"), "values")
    after = killed(line)
    await line.stop()
    known = min(json.loads((after.context.folder / "reached.json").read_text())["complete_us"].values())
    await asyncio.sleep(OUTAGE_S)
    unheard = field.written.of(5)[-1]
    await after.start(epoch=2)
    await until(lambda: unheard in after.readings(5, "backfill"), "what was offered while nobody was there")
    await until(lambda: after.readings(5, "live")[-1][0] > unheard[0] + 500_000, "live values again")
    again = [batch.arrays()[1] for batch in after.batches() if batch.epoch == 2 and batch.origin == "backfill"]
    assert min(int(times.min()) for times in again) >= known - 300_000
    for tag_id in range(1, 6):
        live, every = after.readings(tag_id, "live"), after.readings(tag_id)
        assert rising(live)
        assert set(every) == {reading for reading in field.written.of(tag_id) if reading[0] <= live[-1][0]}
        assert len(set(every)) == len({time for time, _ in every})
