"""Figures of the plant model at one size: reading a plant file, walking the plant, applying scans, forking the twin.

All of it is work of one thread that waits for nothing, so times are processor times: what a clock would show on a
machine that does nothing else, whatever else this one does.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

import networkx as nx
import numpy as np
from ruamel.yaml import YAML

from stream.bench.flowsheets import plant_text
from stream.bench.object_twin import ObjectTwin
from stream.envelope import ReadingBatch, make_batch
from stream.scan.plant_twin import PlantTwin
from twin.atlas.definition import parse
from twin.atlas.plant import Plant
from twin.atlas.tags import TagTable
from twin.atlas.traversal import downstream, recycles, tear_streams, upstream
from twin.atlas.units import registry

_START_US: Final = 1_790_000_000_000_000
_SECOND_US: Final = 1_000_000
_BATCH_READINGS: Final = 30_000
"""A connector cuts what is too big for one message of the broker."""
_SCANS: Final = 25
_FORKS: Final = 50
_WALKS: Final = 5


@dataclass(frozen=True, slots=True)
class AtlasFigures:
    """What one plant costs. Loading is reading its file's text with all checks; the twin is the whole `PlantTwin`.

    `graph_ms` is paid once a plant, at the first walk. `traverse_ms` is everything downstream of the first feed, which
    is all of the plant but the other feeds' valves. Times per 1,000 tags are medians of full scans and forks.
    """

    equipment: int
    tags: int
    load_s: float
    graph_ms: float
    traverse_ms: float
    recycles_ms: float
    tear_ms: float
    apply_us_per_1000_tags: float
    fork_us_per_1000_tags: float


@dataclass(frozen=True, slots=True)
class AtlasPeers:
    """How long others take for the same, each over ours: above 1 we are faster.

    `ruamel` only reads the text as YAML, `networkx` is its `descendants`, `objects` is `ObjectTwin`, and `memory` is
    one copy of as many bytes as the live state has, below which no fork can get.
    """

    ruamel: float
    networkx: float
    objects: float
    memory: float


def measure(equipment: int) -> tuple[AtlasFigures, AtlasPeers]:
    """Measure with a plant of so many pieces of equipment, a multiple of 100."""
    registry()  # Made once a process, not once a plant.
    text = plant_text(equipment)
    plant, load_s = _timed(lambda: parse(text))
    _, graph_s = _timed(lambda: downstream(plant, "F-101"))
    traverse_s = _median(lambda: downstream(plant, "F-101"), _WALKS)
    table = plant.tag_table(1, 1, {(tag.name, tag.unit): number for number, tag in enumerate(plant.tags)})
    twin = PlantTwin.new(table, "bench", lambda name, offset: table if name == table.name else None)
    scans = [_scan(table, number) for number in range(_SCANS)]
    apply_s = median(_apply(twin, number, batches) for number, batches in enumerate(scans))
    fork_s = _median(twin.fork, _FORKS)
    thousands = len(plant.tags) / 1000
    figures = AtlasFigures(
        equipment=len(plant.equipment),
        tags=len(plant.tags),
        load_s=load_s,
        graph_ms=1e3 * (graph_s - traverse_s),
        traverse_ms=1e3 * traverse_s,
        recycles_ms=1e3 * _median(lambda: recycles(plant), _WALKS),
        tear_ms=1e3 * _timed(lambda: tear_streams(plant))[1],
        apply_us_per_1000_tags=1e6 * apply_s / thousands,
        fork_us_per_1000_tags=1e6 * fork_s / thousands,
    )
    peers = AtlasPeers(
        ruamel=_ruamel_s_per_character() * len(text) / load_s,
        networkx=_networkx_s(plant) / traverse_s,
        objects=_objects_s(table, scans) / apply_s,
        memory=_memory_s(twin) / fork_s,
    )
    return figures, peers


def reached(plant: Plant) -> int:
    """How many pieces the walk that is measured reaches: a part of the plant would be no measure of it."""
    return len(set(downstream(plant, "F-101")) | set(upstream(plant, f"OUT-{len(plant.equipment) // 100}")))


def _timed(run: Callable[[], Any]) -> tuple[Any, float]:
    begin = time.process_time()
    result = run()
    return result, time.process_time() - begin


def _median(run: Callable[[], Any], times: int) -> float:
    return median(_timed(run)[1] for _ in range(times))


def _scan(table: TagTable, number: int) -> list[ReadingBatch]:
    """All measured tags once, in the batches that a connector would cut; values wander inside their ranges."""
    measured = np.array([tag.kind != "derived" for tag in table.tags])
    share = 0.5 + 0.42 * np.sin(0.3 * number + np.arange(len(table)))
    values = (table.lows + share * (table.highs - table.lows))[measured]
    tag_ids = table.tag_ids[measured]
    return [
        make_batch(
            plant=table.plant,
            source="bench",
            epoch=1,
            seq=number * (1 + len(tag_ids) // _BATCH_READINGS) + part,
            tag_table=table.name,
            origin="live",
            tag_ids=tag_ids[first : first + _BATCH_READINGS],
            times=np.full(len(tag_ids[first : first + _BATCH_READINGS]), _START_US + number * _SECOND_US),
            values=values[first : first + _BATCH_READINGS],
            quality=np.zeros(len(tag_ids[first : first + _BATCH_READINGS]), dtype=np.uint32),
        )
        for part, first in enumerate(range(0, len(tag_ids), _BATCH_READINGS))
    ]


def _apply(twin: PlantTwin, number: int, batches: list[ReadingBatch]) -> float:
    """Seconds of a whole scan: admission, limits, ages, the scan that closes with its derived tags, and the outputs."""
    at = _START_US + number * _SECOND_US
    begin = time.process_time()
    for batch in batches:
        twin.apply(batch, twin.offset + 1, at)
    return time.process_time() - begin


def _ruamel_s_per_character() -> float:
    text = plant_text(100)
    return _timed(lambda: YAML(typ="rt", pure=True).load(text))[1] / len(text)


def _networkx_s(plant: Plant) -> float:
    return _median(lambda: nx.descendants(plant.graph, "F-101"), _WALKS)


def _objects_s(table: TagTable, scans: list[list[ReadingBatch]]) -> float:
    twin = ObjectTwin(table)
    seconds = []
    for number, batches in enumerate(scans[:3]):
        readings = [row for batch in batches for row in _rows(batch)]
        begin = time.process_time()
        twin.apply(readings, _START_US + number * _SECOND_US)
        seconds.append(time.process_time() - begin)
    return median(seconds)


def _rows(batch: ReadingBatch) -> list[tuple[int, int, float, int]]:
    return list(zip(*(column.tolist() for column in batch.arrays()), strict=True))


def _memory_s(twin: PlantTwin) -> float:
    live = twin.live
    arrays = (live.times, live.values, live.quality, live.reported, live.limits, live.stale, live.source)
    block = np.ones(sum(array.nbytes for array in arrays), dtype=np.uint8)
    return _median(block.copy, _FORKS)
