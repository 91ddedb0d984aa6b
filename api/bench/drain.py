"""How fast a backlog becomes rows that can be queried while the worker keeps the twins from it, on the same cores."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from api.bench.plan import BenchError
from api.bench.stage import Stage, Step
from stream.bench.backlog import write_backlog
from stream.bench.outcome import Outcome
from stream.bench.raw_copy import RawCopy
from stream.bench.values import SECOND_US

_LOOK_EVERY_S: Final = 0.2
_LEAST_SCANS: Final = 20
_MOST_SECONDS_A_SECOND: Final = 15.0


@dataclass(frozen=True, slots=True)
class Sample:
    """A look at a drain: when (s), values stored and worked so far, and processor time by process (s)."""

    at: float
    stored: int
    worked: int
    cpu_s: dict[str, float]


@dataclass(frozen=True, slots=True)
class Drained:
    """The outcome; rates are values per second, `cores` how many cores each process took on average."""

    values: int
    rows: int
    seconds: float
    values_per_second: float
    copy_values_per_second: float
    worker_values_per_core_s: float
    cores: dict[str, float]


async def measure_drain(stage: Stage, seconds: float, step: Step) -> Drained:
    """Copy raw rows for a while, drain a backlog that should take `seconds`, and copy again.

    Raw COPY runs before and after, because the table grows: the yardstick is the mean of both.

    Raises
    ------
    BenchError
        Where values are missing or doubled in the end.
    """
    start_us = time.time_ns() // 1000 // SECOND_US * SECOND_US - 12 * 3600 * SECOND_US
    raw = RawCopy(stage.database, stage.plants, start_us)
    before = await raw.run(seconds / 4)
    per_scan = sum(len(plant.tag_ids) for plant in stage.plants)
    scans = max(_LEAST_SCANS, int(0.75 * before * seconds / per_scan))
    backlog = await write_backlog(stage.kafka, stage.plants, scans, start_us)
    step(f"raw COPY {before:,.0f} rows/s; {backlog.values:,} values wait in Kafka")
    async with await Outcome.of(backlog, stage.kafka, stage.database) as outcome:
        # The worker first: joining its group takes seconds, the historian is up at once.
        for name in ("worker", "historian"):
            await stage.processes.start(name)
            await stage.processes.until_up(name)
        await stage.store_plants()
        samples = await _watch(stage, outcome, seconds * _MOST_SECONDS_A_SECOND + 60)
        rows = await outcome.count(stage.plants)
    await stage.processes.stop("worker", "historian")
    if rows != backlog.values:
        raise BenchError(f"{rows:,} rows are in the table of {backlog.values:,} values sent: this must not be")
    after = await raw.run(seconds / 4)
    return _drained(samples, backlog.values, rows, (before + after) / 2)


async def _watch(stage: Stage, outcome: Outcome, limit_s: float) -> list[Sample]:
    """Look until all is stored and worked; the samples from the last one before anything was."""
    samples: list[Sample] = []
    deadline = time.perf_counter() + limit_s
    while not samples or min(samples[-1].stored, samples[-1].worked) < outcome.backlog.values:
        if time.perf_counter() > deadline:
            raise BenchError(f"the backlog was not drained within {limit_s:.0f} s: {samples[-1]}")
        stage.processes.check()
        stored, worked = await outcome.stored(), await outcome.worked()
        if not stored and not worked:
            samples.clear()
        samples.append(Sample(time.perf_counter(), stored, worked, stage.cpu_s()))
        await asyncio.sleep(_LOOK_EVERY_S)
    return samples


def _drained(samples: list[Sample], values: int, rows: int, copy: float) -> Drained:
    first, last = samples[0], samples[-1]
    seconds = last.at - first.at
    return Drained(
        values=values,
        rows=rows,
        seconds=seconds,
        values_per_second=values / seconds,
        copy_values_per_second=copy,
        worker_values_per_core_s=_worker_rate(samples),
        cores={name: (taken - first.cpu_s.get(name, 0.0)) / seconds for name, taken in last.cpu_s.items()},
    )


def _worker_rate(samples: list[Sample]) -> float:
    """Values a second of the worker's processor time, from its first change to its last; its start does not count."""
    begun = next(n for n, sample in enumerate(samples) if sample.worked)
    ended = next(n for n, sample in enumerate(samples) if sample.worked == samples[-1].worked)
    first, last = samples[max(0, min(begun, ended - 1))], samples[ended]
    taken = last.cpu_s["worker"] - first.cpu_s.get("worker", 0.0)
    return (last.worked - first.worked) / max(taken, 1e-9)
