"""What anybody may write into the inbox: good readings are taken, the others refused in words, nothing else fails."""

import contextlib
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import MalformedPushError
from connectors.push.record import MAX_RECORD_BYTES, SortedReadings, parse, sort_readings
from twin.atlas.tags import Tag, TagTable, TagTableContent

NOW = 1_795_478_400_000_000
TABLE = TagTable.of(
    TagTableContent(
        plant="mill",
        number=3,
        revision=1,
        tags=(
            Tag(tag_id=7, name="TI-1", description="d", unit="degC", low=0, high=100, source="opcua"),
            Tag(tag_id=8, name="AI-2", description="d", unit="kg/kg", low=0, high=1, source="lab"),
            Tag(tag_id=9, name="TI-3", description="d", unit="degC", low=0, high=100, source="lab",
                scale=5 / 9, offset=-160 / 9),
            Tag(tag_id=10, name="TDI-4", description="d", unit="delta_degC", low=0, high=1, kind="derived",
                expression="[TI-1] - [TI-3]"),
        ),
    )
)  # fmt: skip


def reading(**changes: Any) -> dict[str, Any]:
    return {"tag": "TI-1", "time_us": NOW, "value": 20.5} | changes


def record(*readings: Any, **frame: Any) -> bytes:
    return json.dumps({"v": 1, "plant": "mill", "readings": list(readings)} | frame).encode()


def sort(*readings: Any, **frame: Any) -> SortedReadings:
    return sort_readings(parse(record(*readings, **frame)), TABLE, {"push", "lab"}, NOW)


def test_readings_go_by_the_source_of_their_tag_in_their_order() -> None:
    found = sort(
        reading(value=1),
        reading(tag="AI-2", value=0.25, quality=0x40000000, unit="kg/kg"),
        reading(value=2, time_us=NOW + 1),
    )
    assert not found.refused
    pushed, lab = found.taken["push"], found.taken["lab"]
    assert (pushed.tag_ids.tolist(), pushed.times.tolist(), pushed.values.tolist()) == (
        [7, 7],
        [NOW, NOW + 1],
        [1.0, 2.0],
    )
    assert (lab.tag_ids.tolist(), lab.values.tolist(), lab.quality.tolist()) == ([8], [0.25], [0x40000000])
    assert {one.origin for one in found.taken.values()} == {"live"}


@pytest.mark.parametrize(
    ("given", "time"),
    [
        ({"time_us": 5}, 5),
        ({"time": 5}, 5),
        ({"time": "2026-11-24T00:00:00Z"}, NOW),
        ({"time": "2026-11-24T01:00:00.000001+01:00"}, NOW + 1),
        ({"time": -(2**63)}, -(2**63)),
    ],
)
def test_times_are_microseconds_or_iso_text(given: dict[str, Any], time: int) -> None:
    entry = {"tag": "TI-1", "value": 1} | given
    assert sort(entry).taken["push"].times.tolist() == [time]


@pytest.mark.parametrize(
    ("frame", "origin", "version"),
    [
        ({}, "live", 0),
        ({"readings": [reading(), reading(time_us=NOW - 60_000_001)]}, "backfill", 0),
        ({"readings": [reading(time_us=NOW - 60_000_000)]}, "live", 0),
        ({"origin": "backfill"}, "backfill", 0),
        ({"origin": "correction"}, "correction", 1),
        ({"origin": "correction", "version": 7}, "correction", 7),
    ],
)
def test_back_fill_is_told_from_live_by_age_unless_the_record_says(
    frame: dict[str, Any], origin: str, version: int
) -> None:
    taken = sort(reading(), **frame).taken["push"]
    assert (taken.origin, taken.version) == (origin, version)


def test_admit_once_what_is_no_number_or_out_of_time_is_left_to_admission() -> None:
    entries = [reading(value=math.nan), reading(value=-math.inf), reading(value=None), reading(time_us=0)]
    taken = sort(*entries, reading(time_us=4_102_444_800_000_000)).taken["push"]
    assert len(taken) == 5
    assert np.isnan(taken.values[[0, 2]]).all()


def test_values_in_the_stored_unit_are_turned_back_into_what_admission_expects() -> None:
    taken = sort(reading(tag="TI-3", value=100.0, unit="degC")).taken["lab"]
    assert taken.values[0] == pytest.approx(212.0)
    assert taken.values[0] * TABLE.scales[2] + TABLE.offsets[2] == pytest.approx(100.0, abs=1e-12)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("TI-1", "send an object with tag"),
        (reading(tag=None), "send a tag's name"),
        (reading(tag="TI-9"), "plant mill has no tag 'TI-9'"),
        (reading(tag="TI\u0000\ud800"), r"no tag 'TI\x00\ud800'"),
        (reading(tag="TDI-4"), "computed from other tags"),
        (reading(value="20"), "TI-1: value is '20'; send a number"),
        (reading(value=[[1]]), "value is a list"),
        (reading(value=10**400), "an integer of 1329 bits; send a number below"),
        (reading(time_us=2**63), "send microseconds since 1970 UTC"),
        (reading(time_us=True), "time is True"),
        (reading(time_us=1.5e15), "time is 1500000000000000.0"),
        (reading(time_us="2026-11-24T00:00:00"), "text like 2026-11-24T00:00:00Z"),
        (reading(time_us="yesterday"), "time is 'yesterday'"),
        ({"tag": "TI-1", "value": 1}, "time is None"),
        (reading(quality=2**32), "OPC UA status code"),
        (reading(quality=-1), "OPC UA status code"),
        (reading(quality=True), "OPC UA status code"),
        (reading(unit="degF"), "unit is 'degF'; send the value in degC"),
        (reading(unit=[]), "unit is a list"),
    ],
)
def test_a_reading_that_cannot_be_one_is_refused_alone_with_what_to_do(entry: Any, words: str) -> None:
    found = sort(reading(value=1), entry, reading(value=2))
    assert found.taken["push"].values.tolist() == [1.0, 2.0]
    (refused,) = found.refused
    assert refused.reading == entry
    assert words in refused.reason
    assert len(refused.reason) < 400
    assert found.unknown_tag == ("has no tag" in words or "no tag" in words)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"{", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"9" * 5_000, "is not JSON"),
        (b"[1]", "record is a list"),
        (record(reading(), v=2), "v is 2; this connector reads form 1"),
        (record(reading(), v=True), "v is True"),
        (record(reading(), plant=3), "plant is 3"),
        (record(reading(), plant=""), "send the plant's id"),
        (record(readings={}), "send a list of 1 to 30000"),
        (record(), "readings is a list of 0"),
        (record(reading(), origin="history"), "leave it out or send one of live, backfill, correction"),
        (record(reading(), origin=[]), "origin is a list"),
        (record(reading(), version=1), "corrections have 1 to"),
        (record(reading(), origin="correction", version=0), "version is 0"),
        (b" " * (MAX_RECORD_BYTES + 1), "record of 1000001 bytes; send at most 1000000"),
    ],
)
def test_a_record_without_a_frame_is_refused_with_what_to_do(body: bytes, words: str) -> None:
    with pytest.raises(MalformedPushError) as refused:
        parse(body)
    assert words in str(refused.value)
    assert len(str(refused.value)) < 300


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("TI-1"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["tag", "value", "time"]), inner),
    max_leaves=8,
)
_ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "tag": st.just("TI-1") | _JSON,
        "time_us": st.integers(-(2**64), 2**64) | _JSON,
        "time": st.datetimes().map(str) | _JSON,
        "value": st.floats() | _JSON,
        "quality": st.integers(-1, 2**33) | _JSON,
        "unit": st.just("degC") | _JSON,
    },
)


@given(st.lists(_ENTRY | _JSON, min_size=1, max_size=6))
def test_whatever_json_says_each_reading_is_taken_or_refused(entries: list[Any]) -> None:
    found = sort(*entries)
    assert sum(len(one) for one in found.taken.values()) + len(found.refused) == len(entries)
    assert all(one.reason for one in found.refused)


@given(st.binary(max_size=200))
def test_whatever_bytes_there_are_a_record_is_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(MalformedPushError):
        parse(body)
