"""What travels in Kafka: the four records of `atlas.readings` and the worker's outputs, as MessagePack.

Arrays travel as raw little-endian bytes and are read without a copy. The first field of every record is its kind
(`k`), the second the version of its form (`v`); a reader accepts its own version and the one before.
"""

from collections.abc import Iterable
from typing import Any, Final, Literal, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

VERSION: Final = 1
OLDEST_VERSION: Final = 1
MAX_BATCH_BYTES: Final = 900_000
"""A batch's encoded size must stay below the broker's message limit (1 MB by default) with room for its header."""

MAX_RECORD_BYTES: Final = 1_000_000
"""What a reader takes; only a broker that was told to can hold more, and then no producer of ours has sent it."""
LONGEST_NAME: Final = 200
"""Characters of a plant's, source's or tag table's name."""
_INT64_MAX: Final = 2**63 - 1
_INT32_MAX: Final = 2**31 - 1

Origin = Literal["live", "backfill", "correction"]
LOG_HEADER: Final = "incarnation"
"""Kafka header of a connector's batches: the log that they are meant for."""


def log_named_by(headers: Iterable[tuple[str, bytes | None]] | None) -> str:
    """The log that a record is meant for; empty where it does not say.

    A batch under way when the log vanishes can come to lie in the next log, ahead of those that must be sent again:
    whoever counts its number drops these as seen. So readers pass over what is meant for another log; it is sent again.
    """
    return next(((value or b"").decode(errors="replace") for name, value in headers or () if name == LOG_HEADER), "")


class MalformedRecordError(ValueError):
    """A record that cannot be read; the message says why, for its dead letter."""


class _Record(msgspec.Struct, frozen=True, kw_only=True, tag_field="k", omit_defaults=False):
    v: int = VERSION
    plant: str


class ReadingBatch(_Record, frozen=True, kw_only=True, tag="batch"):
    """Readings of one source that travel together; arrays of n readings, in the order in which they came.

    `source`, `epoch` and `seq` number the batch: `epoch` is random per process start of the connector, `seq` counts
    0, 1, 2... per (source, epoch, plant). A source whose numbers come from elsewhere may leave some out; `after` is
    then the number of the batch before, -1 where there is none. `tag_ids` are int32, `times` int64 microseconds UTC
    (the source's time), `values` float64 in the source's unit, `quality` uint32 status codes. `received` is when the
    connector got them, microseconds UTC; `version` ranks corrections, 0 for what is none.
    """

    source: str
    epoch: int
    seq: int
    tag_table: str
    origin: Origin
    tag_ids: bytes
    times: bytes
    values: bytes
    quality: bytes
    received: int = 0
    version: int = 0
    after: int | None = None

    def arrays(self) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float64], NDArray[np.uint32]]:
        """Tag numbers, times, values and qualities as read-only arrays, each of shape (n,).

        Raises
        ------
        MalformedRecordError
            Where the four buffers do not hold the same number of readings.
        """
        lengths = (len(self.tag_ids) / 4, len(self.times) / 8, len(self.values) / 8, len(self.quality) / 4)
        if len(set(lengths)) != 1 or not lengths[0].is_integer():
            raise MalformedRecordError(
                f"batch {self.seq} of {self.source}: buffers hold {lengths} readings (tag_ids, times, values, quality);"
                " all four must hold the same whole number"
            )
        return (
            np.frombuffer(self.tag_ids, dtype="<i4"),
            np.frombuffer(self.times, dtype="<i8"),
            np.frombuffer(self.values, dtype="<f8"),
            np.frombuffer(self.quality, dtype="<u4"),
        )

    def __len__(self) -> int:
        return len(self.tag_ids) // 4


class Tick(_Record, frozen=True, kw_only=True, tag="tick"):
    """Written by the worker that owns a silent partition, so that the twins' clock goes on; `plant` is empty."""

    at: int


class Control(_Record, frozen=True, kw_only=True, tag="control"):
    """A change to the twin that is not a reading: a revision, and later acknowledgements, prices, promotions.

    `identity` is the outbox event's; a repeated record of the same identity is ignored.
    """

    identity: str
    action: str
    content: dict[str, Any] = {}


class RefusedRecord(_Record, frozen=True, kw_only=True, tag="refused"):
    """What a connector was handed in and could not forward, on its way to the historian, who makes a dead letter of it.

    `topic`, `partition`, `offset` and `incarnation` say where it was handed in, `claims` which plant it claims to be
    of; `plant` itself is empty, because it is no plant's record. Numbered like a batch; `after` is the number before.
    `body` is what was refused, at most 64 kB of its `body_bytes`, with `readings` readings where they can be counted.
    """

    source: str
    epoch: int
    seq: int
    after: int | None = None
    topic: str
    partition: int
    offset: int
    incarnation: str
    claims: str
    reason: str
    readings: int
    body: bytes
    body_bytes: int


Record = ReadingBatch | Tick | Control | RefusedRecord


class EstimatedQuantity(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity of a process model as it is estimated: mean and standard deviation in `unit`, and what is usual."""

    name: str
    description: str
    unit: str
    mean: float
    spread: float
    nominal: float


class EstimateTold(msgspec.Struct, frozen=True, kw_only=True):
    """What the estimate beside a twin says, at `time`; where there is none, `reason` tells why.

    `begun` is when it began, `since` when the verdict last changed; times in microseconds UTC, 0 for never. The verdict
    is `explains` or not, or `learning`, with the `sentence` that a person reads and the tags that are `unexplained`.
    """

    title: str = ""
    reason: str = ""
    time: int = 0
    begun: int = 0
    since: int = 0
    explains: bool = True
    learning: bool = True
    sentence: str = ""
    unexplained: tuple[str, ...] = ()
    unknowns: tuple[EstimatedQuantity, ...] = ()
    outputs: tuple[EstimatedQuantity, ...] = ()


class TwinChange(msgspec.Struct, frozen=True, kw_only=True, tag_field="k", tag="change"):
    """What changed in one plant's twin by the record at `offset` of its partition in `atlas.readings`.

    (plant, "change", incarnation, offset, n) is the output's identity (rule named-outputs). `full` says that all tags
    are here. Arrays of m tags: `positions` int32 (into the tag table named), `times` int64 us, `values` float64,
    `quality` uint32, `limits` int8 (`analytics.conditions.LimitState`), `flags` uint8 (bit 0: stale). `estimate` comes
    where it is new or the change is full, for plants that have one.
    """

    v: int = VERSION
    plant: str
    incarnation: str
    offset: int
    n: int
    log_time: int
    tag_table: str
    full: bool
    positions: bytes
    times: bytes
    values: bytes
    quality: bytes
    limits: bytes
    flags: bytes
    counts: dict[str, int] = {}
    estimate: EstimateTold | None = None


class DerivedScan(msgspec.Struct, frozen=True, kw_only=True, tag_field="k", tag="derived"):
    """Values of a plant's derived tags at one closed scan, named like `TwinChange`; `scan_time` in microseconds UTC.

    `tag_ids` int32, `values` float64, `quality` uint32, m of each.
    """

    v: int = VERSION
    plant: str
    incarnation: str
    offset: int
    n: int
    scan_time: int
    tag_table: str
    tag_ids: bytes
    values: bytes
    quality: bytes


class TriggerCalled(msgspec.Struct, frozen=True, kw_only=True, tag_field="k", tag="called"):
    """A policy's trigger calls for a simulation or an optimisation, by a scan that a record closed.

    Named like `TwinChange`; `scan_time` in microseconds UTC. `reason` says why, for a person; `changes` and `horizon`
    are what a simulation shall try.
    """

    v: int = VERSION
    plant: str
    incarnation: str
    offset: int
    n: int
    scan_time: int
    policy: str
    trigger: str
    calls: str
    changes: tuple[str, ...] = ()
    horizon: str = ""
    reason: str


class StoredMark(msgspec.Struct, frozen=True, kw_only=True, tag_field="k", tag="stored"):
    """The historian's word that all batches of (plant, source, epoch) up to `seq` are in the database."""

    v: int = VERSION
    plant: str
    source: str
    epoch: int
    seq: int
    incarnation: str
    at: int


Message = Record | TwinChange | DerivedScan | TriggerCalled | StoredMark
_T = TypeVar("_T")
_M = TypeVar("_M", bound=Message)

_encoder = msgspec.msgpack.Encoder()
_record_decoder: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)
_change_decoder = msgspec.msgpack.Decoder(TwinChange)
_derived_decoder = msgspec.msgpack.Decoder(DerivedScan)
_called_decoder = msgspec.msgpack.Decoder(TriggerCalled)
_stored_decoder = msgspec.msgpack.Decoder(StoredMark)


def encode(message: Message) -> bytes:
    """The message's bytes."""
    return _encoder.encode(message)


def make_batch(
    *,
    plant: str,
    source: str,
    epoch: int,
    seq: int,
    tag_table: str,
    origin: Origin,
    tag_ids: NDArray[np.int32],
    times: NDArray[np.int64],
    values: NDArray[np.float64],
    quality: NDArray[np.uint32],
    received: int = 0,
    version: int = 0,
    after: int | None = None,
) -> ReadingBatch:
    """A batch of the arrays given, each of shape (n,); see `ReadingBatch` for units."""
    return ReadingBatch(
        plant=plant,
        source=source,
        epoch=epoch,
        seq=seq,
        tag_table=tag_table,
        origin=origin,
        tag_ids=np.ascontiguousarray(tag_ids, dtype="<i4").tobytes(),
        times=np.ascontiguousarray(times, dtype="<i8").tobytes(),
        values=np.ascontiguousarray(values, dtype="<f8").tobytes(),
        quality=np.ascontiguousarray(quality, dtype="<u4").tobytes(),
        received=received,
        version=version,
        after=after,
    )


def decode(raw: bytes) -> Record:
    """Read a record of `atlas.readings`.

    Raises
    ------
    MalformedRecordError
        Where the bytes are no such record, more than `MAX_RECORD_BYTES`, a record of a version that this reader does
        not know, or a batch whose names and numbers cannot be kept.
    """
    if len(raw) > MAX_RECORD_BYTES:
        raise MalformedRecordError(f"record of {len(raw)} bytes; readers take {MAX_RECORD_BYTES}: send smaller batches")
    return _checked(_decode_with(_record_decoder, raw))


def decode_change(raw: bytes) -> TwinChange:
    """Read a record of `atlas.twin`; raises `MalformedRecordError`."""
    return _checked(_decode_with(_change_decoder, raw))


def decode_derived(raw: bytes) -> DerivedScan:
    """Read a record of `atlas.scores`; raises `MalformedRecordError`."""
    return _checked(_decode_with(_derived_decoder, raw))


def decode_called(raw: bytes) -> TriggerCalled:
    """Read a record of `atlas.requests`; raises `MalformedRecordError`."""
    return _checked(_decode_with(_called_decoder, raw))


def decode_stored(raw: bytes) -> StoredMark:
    """Read a record of `atlas.stored`; raises `MalformedRecordError`."""
    return _checked(_decode_with(_stored_decoder, raw))


def _decode_with(decoder: "msgspec.msgpack.Decoder[_T]", raw: bytes) -> _T:
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedRecordError(f"unreadable record of {len(raw)} bytes: {error}") from error


def _checked(message: _M) -> _M:
    if not OLDEST_VERSION <= message.v <= VERSION:
        raise MalformedRecordError(
            f"record of version {message.v}; this reader knows {OLDEST_VERSION} to {VERSION}: update this process"
        )
    if isinstance(message, ReadingBatch):
        message.arrays()
        _check_names(message)
    return message


def _check_names(batch: ReadingBatch) -> None:
    """Refuse what a database or an index cannot hold, so that all readers refuse it alike (rule admit-once)."""
    for name, text in (("plant", batch.plant), ("source", batch.source), ("tag_table", batch.tag_table)):
        if "\x00" in text or not 0 < len(text) <= LONGEST_NAME:
            raise MalformedRecordError(
                f"{name} {text[:40]!r} must be 1 to {LONGEST_NAME} characters without NUL; mend the producer"
            )
    for name, number, most in (
        ("epoch", batch.epoch, _INT64_MAX),
        ("seq", batch.seq, _INT64_MAX),
        ("version", batch.version, _INT32_MAX),
    ):
        if not 0 <= number <= most:
            raise MalformedRecordError(f"{name} {number} must be 0 to {most}; mend the producer")
