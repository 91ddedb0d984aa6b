"""Plants for measuring: any number of them, all alike, put in force without reading a plant file for each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache

import numpy as np
from numpy.typing import NDArray

from stream.store.database import DatabaseConfig, open_engine
from stream.store.plants import StoredPlant
from stream.store.unit_of_work import SqlUnitOfWork
from stream.topics import partition_of
from twin.atlas.definition import parse
from twin.atlas.plant import Plant
from twin.atlas.tags import PlantId, TagTable

SOURCE = "bench"
LOW, HIGH = 0.0, 200.0
"""Range of every tag, degC; the limits lie 20 degC inside of it."""


@dataclass(frozen=True, slots=True)
class BenchPlant:
    """A plant to be measured with."""

    id: PlantId
    number: int
    table: TagTable

    @property
    def tag_ids(self) -> NDArray[np.int32]:
        """Its tags' numbers, ascending; shape (tags,)."""
        return self.table.tag_ids

    @property
    def partition(self) -> int:
        """The partition that orders it."""
        return partition_of(self.number)


def definition(plant: str, tags: int) -> str:
    """The text of a plant of so many thermometers; the first is called TI-0000.PV."""
    lines = "\n".join(
        f"  - {{name: TI-{tag:04d}.PV, description: Temperature {tag}, unit: degC, range: [{LOW:g}, {HIGH:g}],"
        f" address: t{tag}, limits: {{low: 20, high: 180, deadband: 1}}}}"
        for tag in range(tags)
    )
    return (
        f"atlas: 1\nplant: {plant}\nname: Plant {plant.rpartition('-')[2]}\ntime_zone: UTC\n"
        "scan: {period_s: 1, grace_s: 2, silent_after_s: 10}\n"
        f"sources:\n  - {{name: {SOURCE}, kind: push}}\n"
        f"equipment: []\nstreams: []\ntags:\n{lines}\n"
    )


async def number_plants(dsn: str, count: int, tags: int, prefix: str = "bench", first: int = 0) -> list[BenchPlant]:
    """So many plants of so many tags with the numbers from `first` on, none of them stored yet.

    Worker and historian wait up to half a minute for a tag table that is not stored (rule tag-tables): a load can lie
    ready until both are up, and `store_plants` then starts them at the same moment.
    """
    engine = open_engine(DatabaseConfig(dsn, pool_size=1))
    pattern = _pattern(tags)
    try:
        async with SqlUnitOfWork(engine) as unit:
            plants = []
            for number in range(first, first + count):
                plant = replace(pattern, id=PlantId(f"{prefix}-{number}"), name=f"Plant {number}")
                tag_ids = await unit.plants.number_tags(plant.id, [(tag.name, tag.unit) for tag in plant.tags])
                plants.append(BenchPlant(plant.id, number, plant.tag_table(number, 1, tag_ids)))
            await unit.commit()
        return plants
    finally:
        await engine.dispose()


async def store_plants(dsn: str, plants: Sequence[BenchPlant]) -> None:
    """Put the plants in force, all at once."""
    engine = open_engine(DatabaseConfig(dsn, pool_size=1))
    try:
        async with SqlUnitOfWork(engine) as unit:
            for plant in plants:
                text = definition(plant.id, len(plant.tag_ids))
                stored = StoredPlant(plant.id, plant.number, f"Plant {plant.number}", 1, text, plant.table.name)
                await unit.plants.save(stored, plant.table, datetime.now(UTC))
            await unit.commit()
    finally:
        await engine.dispose()


@cache
def _pattern(tags: int) -> Plant:
    # Reading a file of 1,000 tags takes seconds, and these plants differ in their names only.
    return parse(definition("bench-pattern", tags))
