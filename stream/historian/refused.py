"""The letter of a record that a connector could not forward: it lay in the inbox, and says so."""

from typing import Final

from stream.envelope import LONGEST_NAME, MalformedRecordError, RefusedRecord
from stream.historian.letters import MAX_BODY_BYTES, DeadLetter, Origin

_INT32_MAX: Final = 2**31 - 1
_INT64_MAX: Final = 2**63 - 1


def letter_of(record: RefusedRecord) -> DeadLetter:
    """The record's dead letter, at most `MAX_BODY_BYTES` of its body.

    Raises
    ------
    MalformedRecordError
        Where a field cannot be what a connector wrote.
    """
    if record.plant:
        raise MalformedRecordError(f"a refused record is no plant's, and this one names {record.plant[:40]!r}")
    for name, text in (("source", record.source), ("topic", record.topic), ("incarnation", record.incarnation)):
        if "\x00" in text or not 0 < len(text) <= LONGEST_NAME:
            raise MalformedRecordError(f"refused record's {name} {text[:40]!r} must be 1 to {LONGEST_NAME} characters")
    for name, number, most in (
        ("epoch", record.epoch, _INT64_MAX),
        ("seq", record.seq, _INT64_MAX),
        ("offset", record.offset, _INT64_MAX),
        ("partition", record.partition, _INT32_MAX),
        ("readings", record.readings, _INT32_MAX),
        ("body_bytes", record.body_bytes, _INT32_MAX),
    ):
        if not 0 <= number <= most:
            raise MalformedRecordError(f"refused record's {name} {number} must be 0 to {most}")
    origin = Origin(
        record.topic, record.partition, record.offset, record.claims, record.source, incarnation=record.incarnation
    )
    body = record.body[:MAX_BODY_BYTES]
    return DeadLetter(origin, 0, record.reason, record.readings, body, record.body_bytes, releasable=False)
