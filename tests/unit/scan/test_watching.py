"""Policies over closed scans: called once per cool-down, with the reason, and carried by snapshots and revisions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from msgspec import UNSET
from msgspec.structs import replace as with_

from stream.envelope import Control, ReadingBatch, Tick, TriggerCalled, decode_called, encode, make_batch
from stream.scan import snapshot
from stream.scan.plant_twin import PlantTwin
from twin.atlas.live_triggers import live_triggers, read_triggers
from twin.atlas.policies import Policies, Policy
from twin.atlas.tags import Tag, TagTable, TagTableContent
from twin.atlas.triggers import Threshold, Trigger

SECOND = 1_000_000
T0 = 1_764_000_000 * SECOND
HOT = Trigger("hot", Threshold("TI-1", 90.0, hysteresis=2.0), "simulation", 3, 60, ("TI-1=85 degC",), "2 h")
HOT_AND_DOUBLE = Trigger("double", Threshold("TI-1", 80) & Threshold("TY-1", 170.0), "optimisation")
POLICY = Policy(name="keep-cool", equipment="R-1", triggers=(HOT, HOT_AND_DOUBLE))


def table(revision: int = 1, *triggers: Trigger) -> TagTable:
    policies = Policies((replace(POLICY, triggers=triggers or POLICY.triggers),))
    tags = (
        Tag(tag_id=1, name="TI-1", description="Reactor temperature", unit="degC", low=0, high=200, decimals=1,
            stale_after_s=0),
        Tag(tag_id=2, name="TY-1", description="Twice it", unit="degC", low=0, high=400, expression="2 * TI-1",
            kind="derived"),
    )  # fmt: skip
    content = TagTableContent(plant="mill", number=0, revision=revision, tags=tags, triggers=live_triggers(policies))
    return TagTable.of(content)


TABLES = {each.name: each for each in (table(), table(2), table(3, replace(HOT, hold_s=9)))}


def twin(of: TagTable | None = None) -> PlantTwin:
    return PlantTwin.new(of or table(), "log", lambda name, _offset: TABLES.get(name))  # type: ignore[call-overload]


def batch(second: int, value: float, quality: int = 0) -> ReadingBatch:
    return make_batch(
        plant="mill", source="opcua", epoch=1, seq=second, tag_table=table().name, origin="live",
        tag_ids=np.array([1], np.int32), times=np.array([T0 + second * SECOND]), values=np.array([value]),
        quality=np.array([quality], np.uint32),
    )  # fmt: skip


def run(of: PlantTwin, values: dict[int, float], quality: int = 0) -> list[TriggerCalled]:
    """One record a second with these values; what the triggers called for."""
    called: list[TriggerCalled] = []
    for second, value in values.items():
        said = of.apply(batch(second, value, quality), second, T0 + second * SECOND)
        assert [each.n for each in said] == list(range(len(said)))
        called += [each for each in said if isinstance(each, TriggerCalled)]
    return called


def seconds(first: int, last: int, value: float) -> dict[int, float]:
    return dict.fromkeys(range(first, last), value)


def test_a_trigger_is_called_once_after_its_hold_time_with_its_reason() -> None:
    called = run(twin(), seconds(0, 10, 70) | seconds(10, 60, 94.56))
    hot = [each for each in called if each.trigger == "hot"]
    assert len(hot) == 1
    assert (hot[0].scan_time - T0) / SECOND == pytest.approx(13, abs=1)
    assert hot[0].reason == ("Reactor temperature is 94.6 degC, above 90.0 degC, for 3 s (policy keep-cool of R-1)")
    assert (hot[0].calls, hot[0].changes, hot[0].horizon) == ("simulation", ("TI-1=85 degC",), "2 h")
    assert decode_called(encode(hot[0])) == hot[0]


def test_a_condition_over_a_computed_tag_is_told_whole() -> None:
    called = [each for each in run(twin(), seconds(0, 10, 87)) if each.trigger == "double"]
    assert [each.reason for each in called] == [
        "Reactor temperature is 87.0 degC, above 80.0 degC; Twice it is 174.00 degC, above 170.00 degC"
        " (policy keep-cool of R-1)"
    ]


def test_it_is_called_again_after_its_cool_down_at_the_earliest() -> None:
    values = seconds(0, 10, 95) | seconds(10, 15, 70) | seconds(15, 100, 95)
    times = [(each.scan_time - T0) / SECOND for each in run(twin(), values) if each.trigger == "hot"]
    assert len(times) == 2
    assert times[1] - times[0] == pytest.approx(60, abs=1)


def test_a_value_that_is_not_good_calls_for_nothing() -> None:
    assert run(twin(), seconds(0, 20, 95), quality=0x8000_0000) == []


def test_pure_twin_a_snapshot_anywhere_calls_for_the_same() -> None:
    values = seconds(0, 8, 95) | seconds(8, 12, 70) | seconds(12, 90, 95)
    whole = run(twin(), values)
    for cut in (3, 7, 13, 40):
        first = twin()
        said = run(first, {at: value for at, value in values.items() if at < cut})
        restored, afresh = snapshot.restore(snapshot.save(first), table(), "log", first.find_table)
        assert afresh == ()
        said += run(restored, {at: value for at, value in values.items() if at >= cut})
        assert said == whole


def test_a_fork_watches_for_itself() -> None:
    first = twin()
    run(first, seconds(0, 5, 70))
    fork = first.fork()
    assert run(fork, seconds(5, 20, 95)) != []
    assert run(first, seconds(5, 20, 70)) == []


def revised(of: PlantTwin, second: int, after: TagTable) -> None:
    news = {"tag_table": after.name, "revision": after.content.revision}
    of.apply(Control(plant="mill", identity=after.name, action="revise", content=news), second, T0 + second * SECOND)


def test_a_revision_leaves_a_trigger_that_stays_the_same_its_cool_down() -> None:
    again = seconds(21, 25, 70) | seconds(25, 50, 95)
    called = {}
    for revision, after in ((2, table(2)), (3, table(3, replace(HOT, hold_s=9)))):
        watched = twin()
        assert [each.trigger for each in run(watched, seconds(0, 20, 95))] == ["double", "hot"]
        revised(watched, 20, after)
        called[revision] = [each.trigger for each in run(watched, again)]
    assert called == {2: ["double"], 3: ["hot"]}


def test_a_plant_without_triggers_keeps_the_name_that_its_table_had() -> None:
    content = with_(table().content, triggers=UNSET)
    assert b"triggers" not in TagTable.of(content).encoded


def test_triggers_are_read_from_the_table_as_they_were_written() -> None:
    read = read_triggers(live_triggers(Policies((POLICY,))))
    assert [replace(each, name=each.name.split("/")[1]) for each in read] == [HOT, HOT_AND_DOUBLE]


def test_what_is_in_force_in_other_modes_only_is_not_watched() -> None:
    cleaning = replace(POLICY, name="cleaning", modes=frozenset({"cleaning"}))
    assert {each.policy for each in live_triggers(Policies((POLICY, cleaning)))} == {"keep-cool"}


def test_ticks_let_hold_times_pass() -> None:
    watched = twin()
    run(watched, seconds(0, 2, 95))
    called = []
    for second in range(2, 15):
        said = watched.apply(Tick(plant="", at=0), second, T0 + second * SECOND)
        called += [each.trigger for each in said if isinstance(each, TriggerCalled)]
    assert called == ["double", "hot"]
