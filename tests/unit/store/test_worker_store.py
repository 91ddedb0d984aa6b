"""The worker's list of plants: asked for seldom, by all lanes at once."""

import asyncio
from typing import Any

import psycopg
import pytest

from stream.store import worker_store
from stream.store.worker_store import SqlWorkerStore


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    times: list[float] = []

    async def plant_numbers(_pool: Any) -> dict[str, int]:
        times.append(0.0)
        await asyncio.sleep(0.01)
        return {"boiler": 0, "kiln": 1}

    monkeypatch.setattr(worker_store, "plant_numbers", plant_numbers)
    return times


async def test_snapshot_and_replay_lanes_that_begin_at_once_all_learn_their_plants(asked: list[float]) -> None:
    store = SqlWorkerStore(None)  # type: ignore[arg-type]  # the pool is not used
    assert await asyncio.gather(*(store.plants_of(n) for n in range(3))) == [["boiler"], ["kiln"], []]
    assert len(asked) == 1


async def test_the_list_outlives_an_outage_but_a_first_one_is_needed(
    asked: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_pool: Any) -> dict[str, int]:
        raise psycopg.OperationalError("away")

    known, new = SqlWorkerStore(None), SqlWorkerStore(None)  # type: ignore[arg-type]  # the pool is not used
    assert await known.plants_of(0) == ["boiler"]
    monkeypatch.setattr(worker_store, "plant_numbers", fails)
    monkeypatch.setattr(worker_store, "_LOOK_AGAIN_S", 0.0)
    assert await known.plants_of(0) == ["boiler"]
    with pytest.raises(psycopg.OperationalError):
        await asyncio.gather(*(new.plants_of(n) for n in range(3)))
