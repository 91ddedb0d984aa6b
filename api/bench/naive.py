"""The naive peer, measured like the worker: values a second of its processor time."""

import asyncio
import sys
import time
from typing import Final

from api.bench.plan import BenchError
from api.bench.processes import Processes
from api.bench.stage import Stage
from api.supervision.child import ProcessSpec
from stream.bench.naive_events import changes_said, write_events
from stream.bench.values import SECOND_US

_NAME: Final = "naive"
_LOOK_EVERY_S: Final = 0.25
_LIMIT_S: Final = 180.0


async def measure_naive(stage: Stage, events: int) -> float:
    """Let the peer work off so many events; its rate counts from its first change to its last.

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
    samples: list[tuple[int, float]] = []
    try:
        async with asyncio.timeout(_LIMIT_S):
            while not samples or samples[-1][0] < written:
                processes.check()
                said = await changes_said(stage.kafka)
                samples = [*samples, (said, processes.cpu_s()[_NAME])] if said else [(0, processes.cpu_s()[_NAME])]
                await asyncio.sleep(_LOOK_EVERY_S)
    except TimeoutError:
        raise BenchError(f"the naive peer got through {samples[-1][0]} of {written} events") from None
    finally:
        await processes.stop_all()
    first, last = samples[min(1, len(samples) - 2)], samples[-1]
    return (last[0] - first[0]) / max(last[1] - first[1], 1e-9)
