"""What viewers of a live page cost: the share of a core that API and dashboard take with all of them connected."""

import asyncio
from contextlib import aclosing

from api.bench.plan import BenchError
from api.bench.stage import Stage
from api.client import AsyncPlantClient

_SERVING = ("api", "dashboard")


async def measure_viewers(stage: Stage, viewers: int, seconds: float) -> float:
    """Percent of a core that API and dashboard take for so many streams of the page's plant, all that they do included.

    Raises
    ------
    BenchError
        Where a stream brought nothing.
    """
    plant = stage.page[0].id
    events = [0] * viewers
    async with AsyncPlantClient(stage.client) as client:
        tasks = [asyncio.create_task(_view(client, plant, events, n)) for n in range(viewers)]
        try:
            await asyncio.sleep(2.0)
            before, begin = stage.processes.cpu_s(_SERVING), asyncio.get_running_loop().time()
            await asyncio.sleep(seconds)
            after, end = stage.processes.cpu_s(_SERVING), asyncio.get_running_loop().time()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    if min(events) < seconds / 2:
        raise BenchError(f"a viewer saw {min(events)} changes in {seconds:.0f} s")
    return 100 * sum(after[name] - before[name] for name in _SERVING) / (end - begin)


async def _view(client: AsyncPlantClient, plant: str, events: list[int], n: int) -> None:
    async with aclosing(client.live(plant)) as stream:
        async for _ in stream:
            events[n] += 1
