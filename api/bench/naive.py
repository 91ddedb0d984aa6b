"""The naive peer, measured like the worker: values a second of its processor time."""

import asyncio
import sys
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from api.bench.plan import BenchError
from api.bench.processes import Processes
from api.bench.stage import Stage
from api.supervision.child import ProcessSpec
from stream.bench.naive_events import changes_said, write_events
from stream.bench.values import SECOND_US

_NAME: Final = "naive"
_LOOK_EVERY_S: Final = 0.25
_LIMIT_S: Final = 180.0
_ENOUGH: Final = 0.95
_STILL_S: Final = 5.0


class Sample(NamedTuple):
    """A look at the peer: when (s), changes said so far, processor time (s)."""

    at: float
    said: int
    cpu_s: float


async def measure_naive(stage: Stage, events: int) -> float:
    """Let the peer work off so many events; its rate counts from its first change to its last.

    It may lose a few changes, because Faust only logs a send that failed; what it said counts.

    Raises
    ------
    BenchError
        Where it does not get through.
    """
    start_us = time.time_ns() // 1000 - 3600 * SECOND_US
    written = await write_events(stage.kafka, stage.plants[0], events, start_us)
    command = (sys.executable, "-P", "-m", "stream.bench.naive_worker", stage.kafka.bootstrap)
    processes = Processes({_NAME: ProcessSpec(_NAME, command)}, stage.processes.logs)
    await processes.start(_NAME)
    samples: list[Sample] = []
    try:
        async with asyncio.timeout(_LIMIT_S):
            while not is_done(samples, written):
                processes.check()
                said = await changes_said(stage.kafka)
                samples.append(Sample(time.monotonic(), said, processes.cpu_s()[_NAME]))
                await asyncio.sleep(_LOOK_EVERY_S)
    except TimeoutError:
        raise BenchError(f"the naive peer got through {samples[-1].said} of {written} events") from None
    finally:
        await processes.stop_all()
    return rate(samples)


def is_done(samples: Sequence[Sample], written: int) -> bool:
    """Whether all events have come out, or nearly all and for a while none more."""
    if not samples or samples[-1].said >= written:
        return bool(samples)
    since = next(sample.at for sample in samples if sample.said == samples[-1].said)
    return samples[-1].said >= _ENOUGH * written and samples[-1].at - since > _STILL_S


def rate(samples: Sequence[Sample]) -> float:
    """Changes a second of processor time, from the first look that saw some to the first that saw all."""
    last = next(sample for sample in samples if sample.said == samples[-1].said)
    begun = next(n for n, sample in enumerate(samples) if sample.said)
    first = samples[begun] if samples[begun].said < last.said else samples[max(0, begun - 1)]
    return (last.said - first.said) / max(last.cpu_s - first.cpu_s, 1e-9)
