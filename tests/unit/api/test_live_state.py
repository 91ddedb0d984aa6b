"""Live state: what the changes of a twin add up to."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.config import LiveConfig
from api.live_state import LivePlant, LiveStates, MalformedChangeError
from stream.envelope import TwinChange
from twin.atlas.tags import TagTable

TAGS = ("TIC-101.PV", "FIC-101.PV", "XS-901", "KI-901")
UNKNOWN = [f"0f343b0931126a20:{offset}" for offset in ("", "-1", "7", "9" * 400, "\u0661", "1.0")]
Make = Callable[..., TwinChange]
Tables = Callable[..., TagTable]

edits = st.lists(
    st.dictionaries(st.sampled_from(TAGS), st.one_of(st.floats(), st.just(float("nan"))), max_size=4),
    min_size=1,
    max_size=8,
)


def open_states(**options: Any) -> LiveStates:
    states = LiveStates(LiveConfig(**options))
    states.start_log("0f343b0931126a20")
    return states


def state_of(states: LiveStates) -> tuple[Any, ...]:
    live = states.find("reactor")
    assert live is not None
    found = live.snapshot()
    arrays = (found.positions, found.times, found.values.view(np.int64), found.quality, found.limits, found.flags)
    return (live.offset, live.log_time, found.table.name, *(part.tolist() for part in arrays))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=edits, data=st.data())
def test_any_order_and_repetition_ends_in_the_same_state(
    edits: list[dict[str, float]], data: st.DataObject, change: Make, table_of: Tables
) -> None:
    first, second = table_of(1), table_of(2, TAGS[1:])
    records: list[tuple[TwinChange, TagTable]] = []
    for number, edit in enumerate(edits):
        values = {"TIC-101.PV": 1.0, **edit} if number == 0 else edit
        records.append((change(first, values, offset=10 + number // 2, n=number % 2, limit=number % 3 - 1), first))
    if data.draw(st.booleans(), label="revised"):
        # A new tag table's first record holds all tags, as the worker writes it.
        records.append((change(second, dict.fromkeys(TAGS[1:], 5.0), offset=30, full=True), second))
        records.append((change(second, {"KI-901": 6.0}, offset=31), second))
    in_order, shuffled = open_states(), open_states()
    for record, table in records:
        in_order.apply(record, table)
    order = data.draw(st.permutations([*records, *data.draw(st.lists(st.sampled_from(records), max_size=6))]))
    for record, table in order:
        shuffled.apply(record, table)
    assert state_of(shuffled) == state_of(in_order)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=edits, seen=st.integers(0, 7))
def test_resumable_stream_gives_what_the_full_state_would(
    edits: list[dict[str, float]], seen: int, change: Make, table_of: Tables
) -> None:
    table = table_of()
    states = open_states()
    screen: dict[str, Any] = {}
    last_id: str | None = None
    for number, edit in enumerate([{"TIC-101.PV": 1.0}, *edits]):
        states.apply(change(table, edit, offset=number // 2, n=number % 2), table)
        live = states.open("reactor")
        if number == seen:
            screen, last_id = read_frame(live.reset_frame())["tags"], live.event_id
    live = states.open("reactor")
    if last_id is None:
        return
    _, missed = live.subscribe(last_id)
    assert missed is not None
    for one in missed:
        screen |= read_frame(live.frame_of(one))["tags"]
    assert screen == read_frame(live.reset_frame())["tags"]


def read_frame(frame: bytes) -> dict[str, Any]:
    import orjson

    content: dict[str, Any] = orjson.loads(frame.split(b"data: ", 1)[1])
    return content


def test_full_record_that_says_nothing_new_changes_no_tag(change: Make, table_of: Tables) -> None:
    states, table = open_states(), table_of()
    states.apply(change(table, {"TIC-101.PV": 80.0, "FIC-101.PV": float("nan")}, offset=1, time=5), table)
    live = states.open("reactor")
    _, missed = live.subscribe(live.event_id)
    assert missed == []
    again = change(table, {"TIC-101.PV": 80.0, "FIC-101.PV": float("nan")}, offset=2, full=True, time=5)
    assert states.apply(again, table)
    _, missed = live.subscribe("0f343b0931126a20:1")
    assert missed is not None
    assert [len(one.positions) for one in missed] == [0]
    assert live.event_id.endswith(":2")
    assert live.changed_offset(table.position("TIC-101.PV")) == 1


def test_records_of_another_log_are_left_out(change: Make, table_of: Tables) -> None:
    states, table = open_states(), table_of()
    assert not states.apply(change(table, {"TIC-101.PV": 1.0}, offset=1, incarnation="another"), table)
    assert states.find("reactor") is None


def test_log_may_vanish_and_the_state_starts_anew(change: Make, table_of: Tables) -> None:
    states, table = open_states(), table_of()
    states.apply(change(table, {"TIC-101.PV": 1.0}, offset=900), table)
    live = states.open("reactor")
    old_id = live.event_id
    states.start_log("new")
    assert not live.known
    states.apply(change(table, {"TIC-101.PV": 2.0}, offset=0, incarnation="new"), table)
    assert live.values[table.position("TIC-101.PV")] == 2.0
    assert live.subscribe(old_id)[1] is None


def test_values_move_to_a_new_tag_table_by_tag_number(change: Make, table_of: Tables) -> None:
    first, second = table_of(1), table_of(2, ("A", "KI-901", "TIC-101.PV"))
    states = open_states()
    states.apply(change(first, {"TIC-101.PV": 80.0, "KI-901": 3.0}, offset=1), first)
    states.apply(change(second, {"A": 1.0}, offset=2), second)
    live = states.open("reactor")
    assert read_frame(live.reset_frame())["tags"].keys() == {"A", "KI-901", "TIC-101.PV"}
    assert live.values[second.position("TIC-101.PV")] == 80.0


def test_stream_cannot_go_on_over_a_new_tag_table(change: Make, table_of: Tables) -> None:
    first, second = table_of(1), table_of(2, ("A",))
    states = open_states()
    states.apply(change(first, {"TIC-101.PV": 80.0}, offset=1), first)
    live = states.open("reactor")
    subscription, _ = live.subscribe(None)
    states.apply(change(second, {"A": 1.0}, offset=2), second)
    assert subscription.behind
    assert live.subscribe("0f343b0931126a20:1")[1] is None


def test_ring_forgets_by_age(change: Make, table_of: Tables) -> None:
    states, table = open_states(ring_us=2_000), table_of()
    for offset in range(6):
        states.apply(change(table, {"TIC-101.PV": float(offset)}, offset=offset), table)
    live = states.open("reactor")
    assert len(live.ring) == 3
    assert live.subscribe("0f343b0931126a20:2")[1] is None
    missed = live.subscribe("0f343b0931126a20:3")[1]
    assert missed is not None
    assert [one.offset for one in missed] == [4, 5]


def test_ring_forgets_when_its_memory_is_full(change: Make, table_of: Tables) -> None:
    states, table = open_states(ring_bytes=5_000), table_of()
    for offset in range(50):
        states.apply(change(table, {"TIC-101.PV": float(offset)}, offset=offset), table)
    live = states.open("reactor")
    assert 0 < live.ring.size <= 5_000
    assert len(live.ring) < 6


@pytest.mark.parametrize(
    "last_id",
    [None, "", ":", "x:1", "0f343b0931126a20", *UNKNOWN],
)
def test_unknown_id_is_never_resumed(last_id: str | None, change: Make, table_of: Tables) -> None:
    states, table = open_states(), table_of()
    states.apply(change(table, {"TIC-101.PV": 80.0}, offset=1), table)
    assert states.open("reactor").subscribe(last_id)[1] is None


def test_frame_is_made_once_and_shared(change: Make, table_of: Tables) -> None:
    states, table = open_states(), table_of()
    states.apply(change(table, {"TIC-101.PV": 80.0}, offset=1), table)
    live = states.open("reactor")
    readers = [live.subscribe(live.event_id)[0] for _ in range(20)]
    states.apply(change(table, {"TIC-101.PV": 81.0}, offset=2), table)
    assert len({id(reader.take()) for reader in readers}) == 1


def test_slow_subscriber_holds_a_bounded_queue(change: Make, table_of: Tables) -> None:
    states, table = open_states(queue_events=5), table_of()
    states.apply(change(table, {"TIC-101.PV": 80.0}, offset=0), table)
    live = states.open("reactor")
    slow, _ = live.subscribe(live.event_id)
    for offset in range(1, 5_000):
        states.apply(change(table, {"TIC-101.PV": float(offset)}, offset=offset), table)
        assert len(slow) <= 5
    assert slow.behind


@pytest.mark.parametrize("field", ["times", "values", "quality", "limits", "flags", "positions"])
def test_malformed_change_leaves_the_state_as_it_was(field: str, change: Make, table_of: Tables) -> None:
    import msgspec

    states, table = open_states(), table_of()
    states.apply(change(table, {"TIC-101.PV": 80.0}, offset=1), table)
    before = state_of(states)
    good = change(table, {"TIC-101.PV": 81.0, "KI-901": 2.0}, offset=2)
    broken = msgspec.structs.replace(good, **{field: getattr(good, field)[:-1]})
    with pytest.raises(MalformedChangeError):
        states.apply(broken, table)
    outside = msgspec.structs.replace(good, positions=np.array([0, 99], dtype="<i4").tobytes())
    with pytest.raises(MalformedChangeError):
        states.apply(outside, table)
    assert state_of(states) == before


def test_unsubscribed_reader_is_forgotten(change: Make, table_of: Tables) -> None:
    live = LivePlant("reactor", "log", LiveConfig(), open_states().open("x").ring._budget)
    subscription, _ = live.subscribe(None)
    assert live.subscribers == 1
    live.unsubscribe(subscription)
    live.unsubscribe(subscription)
    assert live.subscribers == 0


def test_id_whose_events_were_partly_forgotten_is_not_resumed(change: Make, table_of: Tables) -> None:
    states, table = open_states(ring_us=2_000), table_of()
    first = {"TIC-101.PV": 1.0}
    states.apply(change(table, first, offset=1, n=0, log_time=1_000), table)
    states.apply(change(table, {"KI-901": 2.0}, offset=1, n=1, log_time=2_000), table)
    states.apply(change(table, {"FIC-101.PV": 3.0}, offset=2, log_time=3_500), table)
    live = states.open("reactor")
    assert len(live.ring) == 2
    # A reader of this id may have seen the forgotten event only, and the ring cannot tell.
    assert live.subscribe("0f343b0931126a20:1")[1] is None
