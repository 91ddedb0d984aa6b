"""Readings of the database as runs to learn from; the database itself is told by what it is asked."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from stream.jobs import recorded
from stream.store.database import DatabaseConfig
from stream.store.history import PastReading, Series
from tests.unit.daedalus.conftest import RECIPE, TANK
from twin.daedalus.recipe import Recipe

BEGIN_US, HOUR_US = 1_000_000_000_000_000, 3_600_000_000
BAD = 0x80000000
TAGS = [
    SimpleNamespace(tag_id=0, name="TI-1.PV", unit="K", states=()),
    SimpleNamespace(tag_id=1, name="TIC-1.SP", unit="degC", states=()),
    SimpleNamespace(tag_id=2, name="TIC-1.MODE", unit="", states=("MAN", "AUTO")),
    SimpleNamespace(tag_id=3, name="FI-9.PV", unit="kg/s", states=()),
]


@pytest.fixture
def database(monkeypatch):
    asked = []

    async def open_pool(config):
        return SimpleNamespace(close=closed)

    async def closed():
        asked.append("closed")

    async def read_plant(pool, plant):
        return SimpleNamespace(tag_table="abc")

    async def read_tag_table(pool, name):
        return SimpleNamespace(tags=TAGS)

    async def read_state_at(pool, tag_ids, at_us):
        assert at_us == BEGIN_US
        held = [PastReading(1, BEGIN_US - 9, 50.0, 0), PastReading(2, BEGIN_US - HOUR_US, 1.0, 0)]
        return [PastReading(0, BEGIN_US - 5, 320.0, BAD), *held]

    async def read_history(pool, tag_ids, from_us, to_us, aggregate="raw", points=0):
        assert aggregate == "raw"
        assert tag_ids == [0, 1, 2]
        asked.append((from_us, to_us))
        times = np.arange(from_us - from_us % 10_000_000 + 10_000_000, to_us, 10_000_000)
        values = 318.15 + (times - BEGIN_US) / HOUR_US
        quality = np.where(times == BEGIN_US + 2 * HOUR_US, BAD, 0).astype(np.uint32)
        values[quality > 0] = 9999.0
        return [Series(0, "raw", "raw", times, values, quality)]

    for function in (open_pool, read_plant, read_tag_table, read_state_at, read_history):
        monkeypatch.setattr(recorded, function.__name__, function)
    return asked


async def test_readings_become_runs_in_the_models_units_and_bad_ones_are_left_out(database):
    recipe = Recipe.parse(RECIPE, TANK)
    end_us = BEGIN_US + 10 * HOUR_US
    (run,) = await recorded.read_runs(DatabaseConfig(""), "tank", BEGIN_US, end_us, recipe, TANK)
    hours = np.arange(1, 120) / 12.0
    assert run.outputs[:, 0] == pytest.approx(45.0 + hours, abs=0.01)
    assert set(run.levels[:, 0]) == {50.0}
    assert database[-1] == "closed"
    pieces = database[:-1]
    assert pieces[0][0] == BEGIN_US + 1
    assert pieces[-1][1] == end_us
    assert all(one[1] == other[0] for one, other in pairwise(pieces))
