"""The newest value of every tag, plant by plant, from the worker's changes, and the streams that follow it.

A change is applied tag by tag where it is newer than what the tag has, by its place in the log. So repeated and
late records do no harm: any order of the same records ends in the same state (rule named-outputs).
"""

import dataclasses
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray
from prometheus_client import Counter, Gauge

from api.change_ring import Change, ChangeRing, RingBudget
from api.config import LiveConfig
from api.subscription import Subscription
from stream.envelope import EstimateTold, TwinChange
from twin.atlas.tags import TagTable

IGNORED: Final = Counter("atlas_api_changes_ignored_total", "Twin changes not applied", ["reason"])
STREAMS: Final = Gauge("atlas_api_live_streams", "Live streams that are open")
_N_BITS: Final = 12
_STALE: Final = 1
_NEVER: Final = 0
"""Time of a tag that has had no reading; such tags are not told at all."""


class MalformedChangeError(ValueError):
    """A change whose arrays do not fit each other or their tag table."""


def read_change(record: TwinChange, table: TagTable) -> Change:
    """The record's arrays.

    Raises
    ------
    MalformedChangeError
        Where they hold different numbers of tags, or positions that the table does not have.
    """
    try:
        change = Change(
            record.offset,
            record.log_time,
            table,
            np.frombuffer(record.positions, dtype="<i4"),
            np.frombuffer(record.times, dtype="<i8"),
            np.frombuffer(record.values, dtype="<f8"),
            np.frombuffer(record.quality, dtype="<u4"),
            np.frombuffer(record.limits, dtype="<i1"),
            np.frombuffer(record.flags, dtype="<u1"),
        )
    except ValueError as error:
        raise MalformedChangeError(f"change at {record.offset} of {record.plant}: {error}") from error
    positions = change.positions
    lengths = {len(part) for part in (positions, change.times, change.values, change.quality)}
    lengths |= {len(change.limits), len(change.flags)}
    if len(lengths) != 1:
        raise MalformedChangeError(f"change at {record.offset} of {record.plant}: arrays of lengths {sorted(lengths)}")
    if len(positions) and (positions.min() < 0 or positions.max() >= len(table)):
        raise MalformedChangeError(f"change at {record.offset} of {record.plant}: positions outside {table.name}")
    return change


class LivePlant:
    """One plant's newest values; arrays are by position in `table`, of shape (tags,)."""

    def __init__(self, plant: str, incarnation: str, config: LiveConfig, budget: RingBudget) -> None:
        self.plant = plant
        self.incarnation = incarnation
        self._config = config
        self._ring = ChangeRing(budget, config.ring_us)
        self._subscriptions: set[Subscription] = set()
        self._reset: bytes | None = None
        self._rank = -1
        self._estimate_rank = -1
        self.estimate: EstimateTold | None = None
        self.offset = -1
        self.log_time = 0
        self.table: TagTable | None = None
        self._allot(0)

    @property
    def known(self) -> bool:
        """Whether the worker has spoken of the plant; its tags may still all wait for their first reading."""
        return self.table is not None

    @property
    def event_id(self) -> str:
        """The position of the newest event, as streams and `/state` tell it."""
        return f"{self.incarnation}:{self.offset}"

    @property
    def ring(self) -> ChangeRing:
        """The changes that a broken stream can be given again."""
        return self._ring

    @property
    def subscribers(self) -> int:
        """Streams that follow this plant."""
        return len(self._subscriptions)

    def apply(self, record: TwinChange, table: TagTable, written_us: int = 0) -> bool:
        """Take one change, written at `written_us` (0 where unknown); False where all in it was known already.

        Raises
        ------
        MalformedChangeError
            Where it cannot be read; the state is as before.
        """
        change = read_change(record, table)
        rank = (record.offset << _N_BITS) + record.n
        moved = self.table is not None and table.name != self.table.name and rank > self._rank
        if self.table is None or moved:
            self._move_to(table)
        self._take_estimate(record, rank)
        fitted = self._fit(_select(change, change.times != _NEVER))
        newer = self._ranks[fitted.positions] < rank
        if rank <= self._rank and not newer.any():
            IGNORED.labels("repeated").inc()
            return False
        fresh = newer & self._differs(fitted)
        self._ranks[fitted.positions[newer]] = rank
        applied = self._write(_select(fitted, fresh), rank)
        self.written[applied.positions] = written_us
        self._reset = None
        self._publish(applied, whole=moved or len(self._ring) == 0)
        return True

    def subscribe(self, last_id: str | None) -> tuple[Subscription, list[Change] | None]:
        """A new reader's queue and what it missed since its last event; None where it needs the full state."""
        subscription = Subscription(self._config.queue_events)
        self._subscriptions.add(subscription)
        STREAMS.inc()
        return subscription, self._missed(last_id)

    def unsubscribe(self, subscription: Subscription) -> None:
        """Forget a reader."""
        if subscription in self._subscriptions:
            self._subscriptions.discard(subscription)
            STREAMS.dec()

    def close(self) -> None:
        """End all streams."""
        for subscription in list(self._subscriptions):
            subscription.close()

    def restart(self, incarnation: str) -> None:
        """Forget everything, because the log is a new one; readers get the full state once there is one."""
        self.incarnation = incarnation
        self._rank, self.offset, self.log_time, self.table, self._reset = -1, -1, 0, None, None
        self._estimate_rank, self.estimate = -1, None
        self._allot(0)
        self._ring.clear()
        for subscription in self._subscriptions:
            subscription.restart()

    def seen(self) -> NDArray[np.intp]:
        """Positions of the tags that have had a reading."""
        return np.flatnonzero(self._ranks >= 0)

    def changed_offset(self, position: int) -> int | None:
        """Offset of the record that last changed a tag; None where none has."""
        rank = int(self._changed[position])
        return None if rank < 0 else rank >> _N_BITS

    def frame_of(self, change: Change) -> bytes:
        """A change as the frame of an event."""
        body = orjson.dumps({"log_time": change.log_time, "tags": _tags(change)})
        return f"id: {self.incarnation}:{change.offset}\nevent: change\ndata: ".encode() + body + b"\n\n"

    def reset_frame(self) -> bytes:
        """The full state as the frame of an event; made once for all readers that need this one."""
        if self._reset is None:
            body = orjson.dumps({"id": self.event_id, "log_time": self.log_time, "tags": _tags(self.snapshot())})
            self._reset = f"id: {self.event_id}\nevent: reset\ndata: ".encode() + body + b"\n\n"
        return self._reset

    def snapshot(self) -> Change:
        """All values there are, as copies.

        Raises
        ------
        LookupError
            Where no value has come.
        """
        if self.table is None:
            raise LookupError(f"no value of plant {self.plant} has come yet")
        at = self.seen().astype(np.int32)
        arrays = (self.times[at], self.values[at], self.quality[at], self.limits[at], self.flags[at])
        return Change(self.offset, self.log_time, self.table, at, *arrays)

    def _take_estimate(self, record: TwinChange, rank: int) -> None:
        """What is estimated, if the record tells; a full one that does not tell it means that nothing is."""
        if rank > self._estimate_rank and (record.full or record.estimate is not None):
            self._estimate_rank, self.estimate = rank, record.estimate

    def _missed(self, last_id: str | None) -> list[Change] | None:
        incarnation, _, offset = (last_id or "").rpartition(":")
        if incarnation != self.incarnation or not offset.isascii() or not offset.isdigit() or len(offset) > 18:
            return None
        return self._ring.after(int(offset))

    def _allot(self, tags: int) -> None:
        self._ranks = np.full(tags, -1, dtype=np.int64)
        self._changed = np.full(tags, -1, dtype=np.int64)
        self.written = np.zeros(tags, dtype=np.int64)
        self.times = np.zeros(tags, dtype=np.int64)
        self.values = np.full(tags, np.nan)
        self.quality = np.zeros(tags, dtype=np.uint32)
        self.limits = np.zeros(tags, dtype=np.int8)
        self.flags = np.zeros(tags, dtype=np.uint8)

    def _move_to(self, table: TagTable) -> None:
        """Take another tag table; values move by tag number."""
        before, old = self.table, (self._ranks, self._changed, self.written, self.times, self.values, self.quality)
        old_states = (self.limits, self.flags)
        self._allot(len(table))
        self.table = table
        self._ring.clear()
        if before is None:
            return
        found = before.find(table.tag_ids)
        kept = found >= 0
        new = (self._ranks, self._changed, self.written, self.times, self.values, self.quality)
        moves: list[tuple[NDArray[Any], NDArray[Any]]] = list(
            zip((*new, self.limits, self.flags), (*old, *old_states), strict=True)
        )
        for target, source in moves:
            target[kept] = source[found[kept]]

    def _fit(self, change: Change) -> Change:
        """A change of another, older table, by the positions of this one."""
        if self.table is None or change.table.name == self.table.name:
            return change
        found = self.table.find(change.table.tag_ids[change.positions])
        fitted = _select(change, found >= 0)
        return _replace(fitted, self.table, found[found >= 0].astype(np.int32))

    def _differs(self, change: Change) -> NDArray[np.bool_]:
        at = change.positions
        # Values are compared by their bits, so that a NaN equals itself.
        differs = self.values[at].view(np.int64) != change.values.view(np.int64)
        differs |= (self.times[at] != change.times) | (self.quality[at] != change.quality)
        differs |= (self.limits[at] != change.limits) | (self.flags[at] != change.flags) | (self._changed[at] < 0)
        return np.asarray(differs, dtype=np.bool_)

    def _write(self, change: Change, rank: int) -> Change:
        at = change.positions
        self.times[at], self.values[at], self.quality[at] = change.times, change.values, change.quality
        self.limits[at], self.flags[at] = change.limits, change.flags
        self._changed[at] = rank
        if rank > self._rank:
            self._rank, self.offset, self.log_time = rank, change.offset, change.log_time
        # A late record is told under the newest position, because positions of one stream never go back.
        return _replace(change, change.table, at, self.offset, self.log_time)

    def _publish(self, change: Change, *, whole: bool) -> None:
        self._ring.add(change)
        if not self._subscriptions:
            return
        if whole:
            for subscription in self._subscriptions:
                subscription.restart()
            return
        frame = self.frame_of(change)
        for subscription in self._subscriptions:
            subscription.offer(frame)


class LiveStates:
    """All plants' live states; records of a log other than the present one are ignored."""

    def __init__(self, config: LiveConfig) -> None:
        self.config = config
        self.incarnation = ""
        self._budget = RingBudget(config.ring_bytes)
        self._plants: dict[str, LivePlant] = {}

    def __iter__(self) -> Iterator[LivePlant]:
        return iter(list(self._plants.values()))

    def find(self, plant: str) -> LivePlant | None:
        """The plant's state, where it has been spoken of."""
        return self._plants.get(plant)

    def open(self, plant: str) -> LivePlant:
        """The plant's state, an empty one where nothing has come yet."""
        found = self._plants.get(plant)
        if found is None:
            found = self._plants[plant] = LivePlant(plant, self.incarnation, self.config, self._budget)
        return found

    def start_log(self, incarnation: str) -> None:
        """Forget what another log said."""
        if incarnation == self.incarnation:
            return
        self.incarnation = incarnation
        for plant in self._plants.values():
            plant.restart(incarnation)

    def apply(self, record: TwinChange, table: TagTable, written_us: int = 0) -> bool:
        """Take one change, as `LivePlant.apply`."""
        if record.incarnation != self.incarnation:
            IGNORED.labels("other log").inc()
            return False
        applied = self.open(record.plant).apply(record, table, written_us)
        while self._budget.exceeded:
            max(self._plants.values(), key=_ring_size).ring.drop_oldest()
        return applied

    @property
    def subscribers(self) -> int:
        """Streams that are open."""
        return sum(plant.subscribers for plant in self._plants.values())

    def close(self) -> None:
        """End all streams."""
        for plant in self:
            plant.close()


def _ring_size(plant: LivePlant) -> int:
    return plant.ring.size


def _select(change: Change, chosen: NDArray[np.bool_]) -> Change:
    if chosen.all():
        return change
    parts = (change.positions, change.times, change.values, change.quality, change.limits, change.flags)
    return Change(change.offset, change.log_time, change.table, *(part[chosen] for part in parts))  # type: ignore[arg-type]


def _replace(
    change: Change,
    table: TagTable,
    positions: NDArray[np.int32],
    offset: int | None = None,
    log_time: int | None = None,
) -> Change:
    return dataclasses.replace(
        change,
        table=table,
        positions=positions,
        offset=change.offset if offset is None else offset,
        log_time=change.log_time if log_time is None else log_time,
    )


def _tags(change: Change) -> dict[str, list[Any]]:
    names = change.table.tags
    columns = zip(
        change.positions.tolist(),
        change.values.tolist(),
        change.times.tolist(),
        change.quality.tolist(),
        change.limits.tolist(),
        (change.flags & _STALE).tolist(),
        strict=True,
    )
    return {names[p].name: [value, time, quality, limit, stale] for p, value, time, quality, limit, stale in columns}
