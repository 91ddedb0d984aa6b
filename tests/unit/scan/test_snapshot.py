"""Rule snapshot-and-replay: what a snapshot that cannot be used does, and which part starts afresh."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.envelope import ReadingBatch
from stream.scan import snapshot
from stream.scan.plant_twin import PlantTwin
from twin.atlas.tags import TagTable

S = 1_000_000


@pytest.fixture
def twin(table: TagTable, batch: Callable[..., ReadingBatch], t0: int) -> PlantTwin:
    made = PlantTwin.new(table, "log-1", lambda name, offset: table)
    for seq in range(5):
        made.apply(batch(seq, (11, t0 + seq * S, 20.0 + seq), (15, t0 + seq * S, 80.0)), seq, t0 + seq * S)
    return made


@pytest.mark.parametrize("part", list(snapshot.PARTS))
def test_snapshot_and_replay_a_part_of_another_version_learns_anew_and_the_rest_continues(
    twin: PlantTwin, table: TagTable, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as newer_build:
        newer_build.setitem(snapshot.PARTS, part, snapshot.PARTS[part] + 1)
        state = snapshot.save(twin)
    restored, afresh = snapshot.restore(state, table, "log-1", lambda name, offset: table)
    assert afresh == (part,)
    empty = PlantTwin.new(table, "log-1", lambda name, offset: table)
    for name in snapshot.PARTS:
        assert str(getattr(restored, name)) == str(getattr(empty if name == part else twin, name))
    assert (restored.offset, restored.clock, restored.counts) == (twin.offset, twin.clock, twin.counts)


def test_snapshot_and_replay_live_values_of_version_1_are_read_and_only_their_sources_are_unknown(
    twin: PlantTwin, table: TagTable, batch: Callable[..., ReadingBatch], t0: int
) -> None:
    raw = msgspec.msgpack.decode(snapshot.save(twin))
    raw["parts"]["live"]["version"] = 1
    del raw["parts"]["live"]["content"]["source"], raw["parts"]["live"]["content"]["sources"]
    restored, afresh = snapshot.restore(msgspec.msgpack.encode(raw), table, "log-1", lambda name, offset: table)
    assert afresh == ()
    assert [restored.live.source_of(position) for position in range(4)] == [""] * 4
    for one in (twin, restored):
        one.apply(batch(5, (11, t0 + 9 * S, 55.0)), 5, t0 + 9 * S)
    assert restored.live.source_of(0) == "opcua"
    for name in ("times", "values", "quality", "reported", "limits", "stale"):
        assert str(getattr(restored.live, name)) == str(getattr(twin.live, name))


def test_snapshot_and_replay_a_part_this_build_does_not_know_is_left_out(twin: PlantTwin, table: TagTable) -> None:
    raw = msgspec.msgpack.decode(snapshot.save(twin))
    raw["parts"]["scores"] = {"version": 1, "content": {}}
    raw["counts"]["dreams"] = 3
    del raw["parts"]["marks"]
    restored, afresh = snapshot.restore(msgspec.msgpack.encode(raw), table, "log-1", lambda name, offset: table)
    assert afresh == ("marks",)
    assert restored.counts == twin.counts


def test_snapshot_and_replay_another_table_than_the_one_it_was_made_with_is_refused(
    twin: PlantTwin, table: TagTable
) -> None:
    other = TagTable.of(msgspec.structs.replace(table.content, revision=2))
    with pytest.raises(snapshot.SnapshotError, match=table.name):
        snapshot.restore(snapshot.save(twin), other, "log-1", lambda name, offset: other)


def test_snapshot_is_a_copy_that_later_records_do_not_touch(
    twin: PlantTwin, table: TagTable, batch: Callable[..., ReadingBatch], t0: int
) -> None:
    state = snapshot.save(twin)
    restored, _ = snapshot.restore(state, table, "log-1", lambda name, offset: table)
    restored.apply(batch(5, (11, t0 + 9 * S, 55.0)), 5, t0 + 9 * S)
    assert twin.live.values[0] == 24.0
    assert snapshot.save(twin) == state


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_bytes_cut_or_changed_are_a_snapshot_or_refused(twin: PlantTwin, data: st.DataObject) -> None:
    state = snapshot.save(twin)
    at = data.draw(st.integers(0, len(state) - 1))
    spoilt = data.draw(st.sampled_from([state[:at], state[:at] + data.draw(st.binary(max_size=4)) + state[at + 1 :]]))
    try:
        assert snapshot.table_named_by(spoilt) is not None
    except snapshot.SnapshotError as error:
        assert "not a snapshot" in str(error)  # noqa: PT017 - it may be readable, or not


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_as_no_snapshot(raw: bytes) -> None:
    with pytest.raises(snapshot.SnapshotError, match="not a snapshot"):
        snapshot.table_named_by(raw)
