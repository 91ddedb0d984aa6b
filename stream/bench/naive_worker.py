"""The peer that the worker is compared with: the same job as a Faust agent the way its manual shows it.

One JSON event per reading, a table that keeps each tag's last value, one JSON event out per change. It admits, checks
the range, and keeps the limit state with deadband, as the worker does. `python -m stream.bench.naive_worker KAFKA`.
"""

import math
import sys
import time
from typing import Any, Final

import faust

from stream.bench.plants import HIGH, LOW

READINGS: Final = "bench.naive.readings"
CHANGES: Final = "bench.naive.changes"
PARTITIONS: Final = 8
_AHEAD_US: Final = 60_000_000
_UNCERTAIN: Final = 0x40000000
_LOW_LIMIT: Final = 20.0
_HIGH_LIMIT: Final = 180.0
_DEADBAND: Final = 1.0


class Reading(faust.Record, serializer="json"):
    """One reading."""

    plant: str
    tag: str
    time_us: int
    value: float
    quality: int


class LiveValue(faust.Record, serializer="json"):
    """A tag's newest reading and its limit state: -1 low, 0 none, 1 high."""

    plant: str
    tag: str
    time_us: int
    value: float
    quality: int
    limit: int


def make_app(bootstrap: str) -> faust.App:
    """The application with its one agent."""
    app = faust.App(
        "bench-naive",
        broker=f"aiokafka://{bootstrap}",
        broker_heartbeat_interval=3.0,
        broker_session_timeout=10.0,  # The embedded broker lets a group wait for half of it.
        store="memory://",
        topic_partitions=PARTITIONS,
        topic_disable_leader=True,
        topic_replication_factor=1,
        table_standby_replicas=0,
        stream_wait_empty=False,
        web_enabled=False,
    )
    readings = app.topic(READINGS, value_type=Reading)
    changes = app.topic(CHANGES, value_type=LiveValue)
    last = app.Table("last", partitions=PARTITIONS)

    @app.agent(readings)
    async def scan(stream: Any) -> None:
        async for reading in stream:
            if not is_admitted(reading):
                continue
            key = f"{reading.plant}/{reading.tag}"
            before = last.get(key)
            if before is not None and reading.time_us <= before.time_us:
                continue
            live = LiveValue(
                plant=reading.plant,
                tag=reading.tag,
                time_us=reading.time_us,
                value=reading.value,
                quality=reading.quality if LOW <= reading.value <= HIGH else _UNCERTAIN,
                limit=limit_state(reading.value, 0 if before is None else before.limit),
            )
            last[key] = live
            await changes.send(key=key, value=live)

    return app


def is_admitted(reading: Reading) -> bool:
    """Whether a reading has a finite value and a time that is not ahead."""
    return math.isfinite(reading.value) and reading.time_us <= time.time_ns() // 1000 + _AHEAD_US


def limit_state(value: float, before: int) -> int:
    """The limit state that follows `before`; an active limit clears beyond the deadband."""
    if value >= _HIGH_LIMIT or (before == 1 and value + _DEADBAND >= _HIGH_LIMIT):
        return 1
    return -1 if value <= _LOW_LIMIT or (before == -1 and value - _DEADBAND <= _LOW_LIMIT) else 0


def main() -> None:
    """Run until SIGTERM."""
    from mode import Worker

    Worker(make_app(sys.argv[1]), loglevel="WARN").execute_from_commandline()


if __name__ == "__main__":
    main()
