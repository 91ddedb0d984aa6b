"""The process `atlas simulate`: each plant runs and fails on its own."""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from typing import Protocol

from connectors.simulated.config import SimulatedPlantConfig, SimulatedPlantsConfig
from connectors.simulated.plant_server import PlantServer
from connectors.simulated.recorder import RecordedPlant
from twin.matrix.tennessee_eastman.native import TennesseeEastmanMissingError

_LOGGER = logging.getLogger(__name__)
_LIVE_CATCH_UP_S = 60
"""A delay up to this many scans is caught up live; what is later than that is offered as history only."""
_SLICE = 250
_FIRST_RETRY_S = 2.0
_LONGEST_RETRY_S = 60.0


class Conditions(Protocol):
    """Where a process says how it is (`stream.health.Health`)."""

    def set(self, condition: str, ok: bool, detail: str = "") -> None:
        """Say whether a condition holds."""


async def run_simulated_plants(
    config: SimulatedPlantsConfig,
    stop: asyncio.Event,
    health: Conditions | None = None,
    now: Callable[[], float] = time.time,
) -> None:
    """Run all plants until `stop` is set; `now` is the wall clock in seconds UTC.

    A plant that fails is reported in `health` and tried again, with growing pauses; the others do not notice. A plant
    whose equations are not installed is reported and left out.
    """
    async with asyncio.TaskGroup() as tasks:
        for plant in config.plants:
            tasks.create_task(_keep_running(plant, stop, health, now))


async def _keep_running(
    config: SimulatedPlantConfig, stop: asyncio.Event, health: Conditions | None, now: Callable[[], float]
) -> None:
    where = {"plant": config.plant}
    pause_s = _FIRST_RETRY_S

    def report(ok: bool, detail: str) -> None:
        if health is not None:
            health.set(f"plant {config.plant}", ok, detail)

    while not stop.is_set():
        report(False, "simulating the hours before now")
        began = now()
        try:
            await run_simulated_plant(config, stop, lambda: report(True, f"live at {config.endpoint}"), now)
        except TennesseeEastmanMissingError as missing:
            _LOGGER.warning("%s", missing, extra=where)
            report(False, str(missing))
            await stop.wait()
        except Exception as error:
            _LOGGER.exception("simulated plant failed; it is tried again", extra=where)
            report(False, f"{type(error).__name__}: {error}")
            pause_s = _FIRST_RETRY_S if now() - began > _LONGEST_RETRY_S else min(2 * pause_s, _LONGEST_RETRY_S)
            await _wait(stop, pause_s * random.uniform(0.5, 1.0))  # noqa: S311


async def run_simulated_plant(
    config: SimulatedPlantConfig,
    stop: asyncio.Event,
    live: Callable[[], None] = lambda: None,
    now: Callable[[], float] = time.time,
) -> None:
    """Run one plant until `stop` is set; `live` is called once its server listens. Raises what makes it fail."""
    began = time.monotonic()
    # In a thread, so that several plants and the health page stay responsive meanwhile.
    plant = await asyncio.to_thread(_with_history, config, now)
    server = PlantServer(config, plant)
    try:
        await server.start()
        took = time.monotonic() - began
        _LOGGER.info("simulated plant is live after %.1f s", took, extra={"plant": config.plant})
        live()
        await _run_live(plant, server, stop, now)
    finally:
        await server.stop()
        plant.close()


def _with_history(config: SimulatedPlantConfig, now: Callable[[], float]) -> RecordedPlant:
    plant = RecordedPlant(config, int(now()))
    while plant.make_up(int(now()), _SLICE):
        # Yields the interpreter to the event loop's thread between slices.
        time.sleep(0)
    return plant


async def _run_live(plant: RecordedPlant, server: PlantServer, stop: asyncio.Event, now: Callable[[], float]) -> None:
    """Scan at every full second of the wall clock, never before it; late scans bear the second they were due."""
    while not stop.is_set():
        due_s, next_s = int(now()), plant.plant.next_s
        if due_s - next_s > _LIVE_CATCH_UP_S:
            while plant.make_up(due_s, _SLICE):
                await asyncio.sleep(0)
            await server.show_newest()
        elif next_s <= due_s:
            await server.publish(plant.scan())
            await asyncio.sleep(0)
        else:
            await _wait(stop, min(1.0, next_s - now()))


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(0.001, seconds)):
            await stop.wait()
    except TimeoutError:
        return
