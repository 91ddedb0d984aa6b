"""Letters of what a connector could not forward: they name the inbox, and nothing malformed reaches the database."""

from typing import Any

import msgspec
import pytest

from stream.envelope import MalformedRecordError, RefusedRecord
from stream.historian.letters import MAX_BODY_BYTES
from stream.historian.refused import letter_of

REFUSED = RefusedRecord(
    plant="", source="push", epoch=1, seq=9, topic="atlas.inbox", partition=3, offset=9, incarnation="abc",
    claims="mill", reason="value is 'hot'", readings=2, body=b"x" * 70_000, body_bytes=80_000,
)  # fmt: skip


def test_admit_once_the_letter_says_where_the_record_was_handed_in_and_keeps_64_kb() -> None:
    letter = letter_of(REFUSED)
    origin = letter.origin
    assert (origin.topic, origin.partition, origin.offset, origin.incarnation) == ("atlas.inbox", 3, 9, "abc")
    assert (origin.plant, origin.source, letter.reason, letter.readings) == ("mill", "push", "value is 'hot'", 2)
    assert (len(letter.body), letter.body_bytes, letter.releasable) == (MAX_BODY_BYTES, 80_000, False)


@pytest.mark.parametrize(
    "change",
    [
        {"plant": "mill"}, {"source": ""}, {"topic": "a\x00"}, {"incarnation": "x" * 201}, {"partition": 2**31},
        {"offset": -1}, {"readings": 2**31}, {"body_bytes": 2**40}, {"epoch": 2**63}, {"seq": -1},
    ],
)  # fmt: skip
def test_a_refused_record_that_no_table_could_hold_is_malformed_itself(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedRecordError, match=f"{next(iter(change))}|no plant's"):
        letter_of(msgspec.structs.replace(REFUSED, **change))
