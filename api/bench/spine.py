"""`atlas bench spine`: all measurements of the way from Kafka to table, twin and screen, one after another."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from api.bench.drain import Drained, measure_drain
from api.bench.latency import Latency, measure_latency
from api.bench.machine import this_machine
from api.bench.naive import measure_naive
from api.bench.plan import BenchPlan
from api.bench.result import Growth, SpineResult
from api.bench.stage import Grounds, Stage, Step
from api.bench.viewers import measure_viewers
from stream.bench.live_load import LiveLoad
from stream.bench.plants import BenchPlant


async def run_spine(plan: BenchPlan, grounds: Grounds, step: Step) -> SpineResult:
    """Measure everything; each measurement on fresh servers.

    Raises
    ------
    twin.atlas.errors.AtlasError
        Where a server, a process or a measurement fails.
    """
    async with grounds.stage("drain", plan.plants, plan.tags) as stage:
        drained = await measure_drain(stage, plan.seconds, step)
        step(f"{drained.values_per_second:,.0f} values/s, {_share(drained):.2f} of raw COPY")
        naive = await measure_naive(stage, plan.naive_events)
        step(f"worker {drained.worker_values_per_core_s:,.0f}, naive peer {naive:,.0f} values per core and second")
        peaks = stage.processes.peaks_mb
    async with grounds.stage("live", plan.plants, plan.tags, page_tags=plan.page_tags) as stage:
        latency, viewers = await _live(stage, plan, step)
        peaks = _highest(peaks, stage.processes.peaks_mb)
    return SpineResult(
        servers=stage.servers.kind,
        machine=this_machine(),
        plan=plan,
        drained=drained,
        share_of_copy=_share(drained),
        naive_values_per_core_s=naive,
        latency=latency,
        viewer_cpu_percent=viewers,
        peak_rss_mb=peaks,
        growth=tuple([await _grow(plan, grounds, plants, step) for plants in plan.growth]),
    )


async def _live(stage: Stage, plan: BenchPlan, step: Step) -> tuple[Latency, float]:
    """Latency and viewers, while every process of the service runs."""
    await stage.store_plants()
    names = ("worker", "historian", "keeper", "api", "dashboard")
    async with _loaded(stage, names, stage.plants) as load:
        latency = await measure_latency(stage, load, 1.5 * plan.seconds)
        step(f"latency p50 {latency.p50_ms:.1f} ms, p99 {latency.p99_ms:.1f} ms over {latency.scans} scans")
    async with _loaded(stage, (), stage.page):
        viewers = await measure_viewers(stage, plan.viewers, plan.seconds)
        step(f"{plan.viewers} viewers {viewers:.2f} % of a core")
    stage.processes.note_peaks()
    return latency, viewers


async def _grow(plan: BenchPlan, grounds: Grounds, plants: int, step: Step) -> Growth:
    seconds = plan.growth_seconds
    async with grounds.stage(f"drain-{plants}", plants, plan.tags) as stage:
        drained = await measure_drain(stage, seconds, step)
        peaks = stage.processes.peaks_mb
    async with grounds.stage(f"live-{plants}", plants, plan.tags) as stage:
        await stage.store_plants()
        async with _loaded(stage, ("worker", "historian", "keeper", "api"), stage.plants) as load:
            latency = await measure_latency(stage, load, 1.5 * seconds)
        stage.processes.note_peaks()
        peaks = _highest(peaks, stage.processes.peaks_mb)
    step(f"{plants} plants: {drained.values_per_second:,.0f} values/s, latency p99 {latency.p99_ms:.1f} ms")
    return Growth(plants, drained.values_per_second, _share(drained), latency.p50_ms, latency.p99_ms, peaks)


@asynccontextmanager
async def _loaded(stage: Stage, names: Sequence[str], plants: Sequence[BenchPlant]) -> AsyncIterator[LiveLoad]:
    """A live load, with processes started for it; ends the load where it fails, and tells why."""
    await stage.processes.start(*names)
    await stage.processes.until_up(*names)
    load = LiveLoad(stage.kafka, plants)
    task = asyncio.create_task(load.run())
    try:
        yield load
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _share(drained: Drained) -> float:
    return drained.values_per_second / drained.copy_values_per_second


def _highest(one: dict[str, float], other: dict[str, float]) -> dict[str, float]:
    return {name: max(one.get(name, 0.0), other.get(name, 0.0)) for name in one | other}
