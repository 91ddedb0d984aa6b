"""History of a simulated plant over OPC UA, and the ledger that it and the live values must equal."""

import asyncio
import itertools
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asyncua import Client, ua

from twin.matrix.williams_otto.signals import SIGNALS

HOURS_2 = timedelta(hours=2)


async def test_history_joins_the_live_values_without_gap_or_overlap(client: Client, running: Any, plants: Any) -> None:
    await asyncio.sleep(1.2)
    now = datetime.now(UTC)
    values = await plants.node(client, "TIC-101.PV").read_raw_history(now - HOURS_2, now)
    times = [plants.us(value.SourceTimestamp) for value in values]
    assert times == sorted(set(times))
    assert times[0] == pytest.approx(plants.us(now) - 3.6e9, abs=60e6)
    assert times[-1] == pytest.approx(plants.us(now), abs=2.5e6)
    assert max(later - earlier for earlier, later in itertools.pairwise(times)) == 10_000_000
    rows = plants.ledger(running.config, "TIC-101.PV")
    assert [value.Value.Value for value in values] == [rows[at][0] for at in times]


async def test_history_is_paged_and_pages_join(client: Client, running: Any, plants: Any) -> None:
    end = datetime.now(UTC)
    details = ua.ReadRawModifiedDetails(StartTime=end - HOURS_2, EndTime=end, NumValuesPerNode=50, IsReadModified=False)
    pages: list[list[int]] = []
    point: bytes | None = None
    while point or not pages:
        page = await plants.node(client, "TIC-101.PV").history_read(details, point)
        pages.append([plants.us(value.SourceTimestamp) for value in page.HistoryData.DataValues])
        point = page.ContinuationPoint
    assert {len(page) for page in pages[:-1]} == {50}
    rows = plants.ledger(running.config, "TIC-101.PV")
    assert list(itertools.chain(*pages)) == [at for at in sorted(rows) if at <= plants.us(end)]


async def test_history_is_read_backward_and_with_one_end_open(client: Client, plants: Any) -> None:
    node, now = plants.node(client, "TIC-101.PV"), datetime.now(UTC)

    async def read(start: datetime | None, end: datetime | None) -> list[int]:
        return [plants.us(value.SourceTimestamp) for value in await node.read_raw_history(start, end, 5)]

    newest, oldest = await read(None, now), await read(now - HOURS_2, None)
    assert newest == sorted(newest, reverse=True)
    assert newest[0] <= plants.us(now)
    assert await read(now, now - timedelta(minutes=10)) == newest
    assert oldest == sorted(oldest)
    assert oldest[-1] < newest[-1]


async def test_broken_continuation_point_is_refused(client: Client, plants: Any) -> None:
    end = datetime.now(UTC)
    details = ua.ReadRawModifiedDetails(StartTime=end - HOURS_2, EndTime=end, IsReadModified=False)
    page = await plants.node(client, "TIC-101.PV").history_read(details, b"broken")
    assert page.StatusCode.name == "BadContinuationPointInvalid"


async def test_history_of_what_has_none_is_refused(client: Client, plants: Any) -> None:
    now = datetime.now(UTC)
    with pytest.raises(ua.uaerrors.BadHistoryOperationUnsupported):
        await client.nodes.server_state.read_raw_history(now - HOURS_2, now)
    with pytest.raises(ua.uaerrors.BadHistoryOperationInvalid):
        await plants.node(client, "TIC-101.PV").read_raw_history(None, None, 5)
    before = await plants.node(client, "TIC-101.PV").read_raw_history(now - timedelta(days=9), now - timedelta(days=8))
    assert before == []


async def test_ledger_holds_exactly_what_was_offered(client: Client, running: Any, plants: Any) -> None:
    names = [signal.name for signal in SIGNALS]
    collector = await plants.subscribe(client, names)
    await plants.node(client, "TIC-101.SP").write_value(84.0, ua.VariantType.Double)
    await asyncio.sleep(4.3)
    # Cut at a second that client and ledger have both passed, so that nothing under way is compared.
    until = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    since_us = min(plants.us(moment) for name, _, _, moment in collector.values if name == "TIC-101.PV")
    until_us = plants.us(until)
    seen: dict[str, dict[int, float]] = {name: {} for name in names}
    for name, value, _, moment in list(collector.values):
        if since_us < plants.us(moment) <= until_us:
            assert plants.us(moment) not in seen[name], f"{name} came twice"
            seen[name][plants.us(moment)] = value
    for name in names:
        rows = {at: value for at, (value, _) in plants.ledger(running.config, name).items() if at <= until_us}
        assert seen[name] == {at: value for at, value in rows.items() if at > since_us}, name
        history = await plants.node(client, name).read_raw_history(until - HOURS_2, until)
        assert {plants.us(value.SourceTimestamp): value.Value.Value for value in history} == rows, name
        assert not any(math.isnan(value) for value in rows.values())
    assert 84.0 in seen["TIC-101.SP"].values()
    assert len(seen["TIC-101.PV"]) >= 2


async def test_restart_resumes_without_repeating_or_changing_anything(plants: Any) -> None:
    config = plants.config()
    first = await plants.start(config)
    await asyncio.sleep(2.1)
    await first.end()
    before = config.ledger.read_bytes()
    await asyncio.sleep(2.0)
    second = await plants.start(config)
    await asyncio.sleep(1.5)
    async with Client(config.endpoint) as client:
        now = datetime.now(UTC)
        missed = await plants.node(client, "TIC-101.PV").read_raw_history(now - timedelta(minutes=5), now)
    await second.end()
    assert config.ledger.read_bytes().startswith(before)
    times = [plants.us(value.SourceTimestamp) for value in missed][-6:]
    assert {later - earlier for earlier, later in itertools.pairwise(times)} == {1_000_000}
