"""Rule log-may-vanish: a twin that goes on in a new log knows what is stored, and says nothing of it again."""

from collections.abc import Callable

import numpy as np
import pytest

from stream.envelope import DerivedScan, ReadingBatch, Tick, TwinChange
from stream.scan import snapshot
from stream.scan.plant_twin import PlantTwin
from stream.scan.stored_state import StoredState, bring_up
from twin.atlas.tags import TagTable

SECOND = 1_000_000


def stored(table: TagTable, t0: int) -> StoredState:
    """The oven at 85, its setpoint at 70, ten seconds after the twin's own readings."""
    return StoredState(
        table.name,
        np.array([11, 15, 99], np.int32),
        np.full(3, t0 + 10 * SECOND),
        np.array([85.0, 70.0, 1.0]),
        np.zeros(3, np.uint32),
        (("opcua", 1, 7),),
    )


@pytest.fixture
def carried(table: TagTable, batch: Callable[..., ReadingBatch], t0: int) -> PlantTwin:
    """A twin of another log, brought up to the table."""
    old = PlantTwin.new(table, "log-a", lambda _name, _offset: table)
    old.apply(batch(0, (11, t0, 30.0), (12, t0 + 20 * SECOND, 4.0), (15, t0, 60.0)), 0, t0)
    twin, _ = snapshot.restore(snapshot.save(old), table, "log-b", lambda _name, _offset: table)
    bring_up(twin, stored(table, t0), table)
    return twin


def test_log_may_vanish_stored_values_are_known_and_newer_ones_stay(carried: PlantTwin, t0: int) -> None:
    assert carried.live.values[[0, 2]].tolist() == [85.0, 70.0]
    assert carried.live.times[0] == t0 + 10 * SECOND
    assert carried.live.times[1] == t0 + 20 * SECOND
    assert carried.live.limits[0] == 1


def test_log_may_vanish_stored_batches_are_dropped(
    carried: PlantTwin, batch: Callable[..., ReadingBatch], t0: int
) -> None:
    carried.apply(batch(7, (11, t0 + 30 * SECOND, 99.0)), 0, t0 + 30 * SECOND)
    assert carried.live.values[0] == 85.0
    carried.apply(batch(8, (11, t0 + 30 * SECOND, 86.0)), 1, t0 + 30 * SECOND)
    assert carried.live.values[0] == 86.0


def test_log_may_vanish_no_scan_that_may_be_stored_closes_again(carried: PlantTwin, t0: int) -> None:
    said = carried.apply(Tick(plant="", at=0), 0, t0 + 60 * SECOND)
    assert [type(output) for output in said] == [TwinChange, DerivedScan]
    assert all(output.scan_time > t0 + 10 * SECOND for output in said if isinstance(output, DerivedScan))


def test_log_may_vanish_the_table_in_force_is_taken_up(carried: PlantTwin, table: TagTable, t0: int) -> None:
    revised = TagTable.of(type(table.content)(**{**_fields(table), "revision": 2, "tags": table.tags[:3]}))
    bring_up(carried, stored(table, t0), revised)
    assert carried.table.name == revised.name
    assert carried.live.values.tolist() == [85.0, 3.0, 70.0]


def _fields(table: TagTable) -> dict[str, object]:
    content = table.content
    return {name: getattr(content, name) for name in content.__struct_fields__}
