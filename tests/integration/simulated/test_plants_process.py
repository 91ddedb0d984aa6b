"""The process of simulated plants: each fails on its own, says why, and comes back."""

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asyncua import Client, ua

from connectors.simulated import process


async def test_taken_port_is_reported_and_tried_again(plants: Any) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        running = await plants.begin(plants.config(port=other.getsockname()[1]))
        await plants.until(lambda: "OSError" in running.said.of("williams-otto")[1], 20.0)
    await plants.until(lambda: running.said.of("williams-otto")[0], 20.0)


async def test_plant_without_its_equations_is_left_out_with_the_reason(
    plants: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from twin.matrix.tennessee_eastman import model
    from twin.matrix.tennessee_eastman.native import TennesseeEastmanMissingError

    def missing() -> None:
        raise TennesseeEastmanMissingError(ImportError("no module named tep_studio"))

    monkeypatch.setattr(model, "load", missing)
    running = await plants.start(plants.config(), plants.config(plant="tennessee-eastman"))
    ok, why = running.said.of("tennessee-eastman")
    assert not ok
    assert "'tep'" in why
    async with Client(running.config.endpoint) as client:
        assert await plants.node(client, "TIC-101.PV").read_value() == pytest.approx(80.0, abs=5.0)


async def test_plant_that_was_paused_makes_up_what_it_missed(plants: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_LIVE_CATCH_UP_S", 1)
    late = [100.0]
    config, stop, live = plants.config(), asyncio.Event(), asyncio.Event()
    run = process.run_simulated_plant(config, stop, live.set, lambda: datetime.now(UTC).timestamp() - late[0])
    task = asyncio.create_task(run)
    try:
        await asyncio.wait_for(live.wait(), 20.0)
        async with Client(config.endpoint) as client:
            before = plants.us((await plants.node(client, "TIC-101.PV").read_data_value()).SourceTimestamp)
            late[0] = 10.0
            await plants.until(lambda: max(plants.ledger(config, "TIC-101.PV")) > before + 85_000_000)
            await asyncio.sleep(0.3)
            shown = plants.us((await plants.node(client, "TIC-101.PV").read_data_value()).SourceTimestamp)
    finally:
        stop.set()
        await asyncio.wait_for(task, 15.0)
    assert shown > before + 85_000_000
    assert shown <= datetime.now(UTC).timestamp() * 1e6
    times = sorted(at for at in plants.ledger(config, "TIC-101.PV") if at > before)
    assert times == [before + 1_000_000 * (second + 1) for second in range(len(times))]


async def test_tennessee_eastman_is_served_too(plants: Any) -> None:
    pytest.importorskip("tep_studio", reason="needs the extra 'tep' and a C compiler")
    running = await plants.start(plants.config(plant="tennessee-eastman", history_hours=0.5))
    async with Client(running.config.endpoint) as client:
        assert await plants.node(client, "TIC-209.PV").read_value() == pytest.approx(120.4, abs=2.0)
        await plants.node(client, "TIC-209.SP").write_value(121.0, ua.VariantType.Double)
        await plants.shows(client, "TIC-209.SP", lambda value: value == 121.0)
        now = datetime.now(UTC)
        history = await plants.node(client, "AI-225G.PV").read_raw_history(now - timedelta(hours=1), now)
        assert 2 <= len(history) <= 4
        await plants.command(client, "Restart")
        await plants.shows(client, "TIC-209.SP", lambda value: value != 121.0)
