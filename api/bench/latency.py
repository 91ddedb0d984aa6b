"""How long a scan takes from its receipt to a subscriber of the API, while all processes run."""

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import numpy as np

from api.bench.plan import BenchError
from api.bench.stage import Stage
from api.client import AsyncPlantClient
from stream.bench.live_load import LiveLoad

_FIRST_S: Final = 90.0
_MOST_PLANTS: Final = 4
_TAG: Final = "TI-0000.PV"
_LEAST_SHARE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles over all scans seen, milliseconds, and how many these were."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    scans: int


async def measure_latency(stage: Stage, load: LiveLoad, seconds: float) -> Latency:
    """Follow up to four of the plants for so long, from when each has shown its first change.

    Raises
    ------
    BenchError
        Where changes do not come, or more than a tenth of them are missing.
    """
    followed = [plant.id for plant in stage.plants[:_MOST_PLANTS]]
    seen: dict[str, list[float]] = {plant: [] for plant in followed}
    async with AsyncPlantClient(stage.client) as client:
        tasks = [asyncio.create_task(_follow(client, load, plant, seen[plant])) for plant in followed]
        try:
            await _until_all(stage, seen)
            for scans in seen.values():
                scans.clear()
            await asyncio.sleep(seconds)
            stage.processes.check()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    found = [latency for scans in seen.values() for latency in scans]
    expected = seconds / load.period_s * len(followed)
    if len(found) < _LEAST_SHARE * expected - len(followed):
        raise BenchError(f"subscribers saw {len(found)} of {expected:.0f} scans")
    p50, p95, p99 = (float(p) for p in np.percentile(np.array(found) * 1e3, [50, 95, 99]))
    return Latency(p50, p95, p99, len(found))


async def _follow(client: AsyncPlantClient, load: LiveLoad, plant: str, seen: list[float]) -> None:
    async with aclosing(client.live(plant)) as events:
        async for event in events:
            at, tag = time.perf_counter(), event.tags.get(_TAG)
            received = None if tag is None else load.received.pop((plant, tag.time_us), None)
            if event.kind == "change" and received is not None:
                seen.append(at - received)


async def _until_all(stage: Stage, seen: dict[str, list[float]]) -> None:
    try:
        async with asyncio.timeout(_FIRST_S):
            while not all(seen.values()):
                stage.processes.check()
                await asyncio.sleep(0.1)
    except TimeoutError:
        silent = [plant for plant, scans in seen.items() if not scans]
        raise BenchError(f"no change of {', '.join(silent)} came within {_FIRST_S:.0f} s") from None
