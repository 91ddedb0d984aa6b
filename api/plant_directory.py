"""The plants as the API knows them: read from the database now and then, and kept where it does not answer."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api import problems
from api.ports import DatabaseAwayError, PlantRecords
from api.problems import Problem
from connectors.connection import SourceSettings
from stream.store.plants import StoredPlant
from twin.atlas.tags import TagTable

_log = logging.getLogger(__name__)
_FRESH_US: Final = 2_000_000
_PATIENCE_S: Final = 3.0
_MOST_TABLES: Final = 256
_MOST_FILES: Final = 64


@dataclass(frozen=True, slots=True)
class PlantFile:
    """What the API tells of a plant's file: equipment and process streams ready for JSON, sources, and its graphic."""

    equipment: list[dict[str, Any]]
    streams: list[dict[str, Any]]
    sources: tuple[SourceSettings, ...]
    graphic: str


class PlantDirectory:
    """Plants, their tag tables and their files, remembered.

    Parameters
    ----------
    records
        The database.
    now_us
        The clock, microseconds.
    read_file
        Reads the text of a plant file; runs in a thread.
    """

    def __init__(self, records: PlantRecords, now_us: Callable[[], int], read_file: Callable[[str], PlantFile]) -> None:
        self._records = records
        self._now_us = now_us
        self._read_file = read_file
        self._plants: dict[str, StoredPlant] | None = None
        self._read_us = 0
        self._reading = asyncio.Lock()
        self._tables: dict[str, TagTable] = {}
        self._files: dict[tuple[str, int], PlantFile] = {}

    async def list(self) -> Sequence[StoredPlant]:
        """All plants by number.

        Raises
        ------
        DatabaseAwayError
            Where the database does not answer and never has.
        """
        return list((await self._known()).values())

    async def find(self, plant: str) -> StoredPlant:
        """One plant.

        Raises
        ------
        Problem
            404 where there is no such plant.
        """
        found = (await self._known()).get(plant)
        if found is None:
            raise Problem(problems.UNKNOWN_PLANT, f"There is no plant {plant[:100]!r}.")
        return found

    async def table_of(self, plant: StoredPlant) -> TagTable:
        """The plant's tag table in force."""
        table = self._tables.get(plant.tag_table)
        if table is None:
            table = await self._records.read_tag_table(plant.tag_table)
            if table is None:
                raise Problem(problems.NOT_READY, f"The tag table of plant {plant.plant!r} is not stored yet.")
            if len(self._tables) >= _MOST_TABLES:
                self._tables.pop(next(iter(self._tables)))
            self._tables[plant.tag_table] = table
        return table

    async def file_of(self, plant: StoredPlant) -> PlantFile:
        """What the plant's file says."""
        key = (plant.plant, plant.revision)
        file = self._files.get(key)
        if file is None:
            file = await asyncio.to_thread(self._read_file, plant.definition)
            if len(self._files) >= _MOST_FILES:
                self._files.pop(next(iter(self._files)))
            self._files[key] = file
        return file

    def forget(self) -> None:
        """Read the plants anew when next asked, because one was stored just now."""
        self._read_us = self._now_us() - _FRESH_US

    async def _known(self) -> dict[str, StoredPlant]:
        if self._plants is not None and self._now_us() - self._read_us < _FRESH_US:
            return self._plants
        async with self._reading:
            if self._plants is not None and self._now_us() - self._read_us < _FRESH_US:
                return self._plants
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    stored = await self._records.list_plants()
                self._plants = {plant.plant: plant for plant in stored}
            except (DatabaseAwayError, TimeoutError) as error:
                if self._plants is None:
                    raise DatabaseAwayError(
                        "the database does not answer", remedy="'atlas status' tells more"
                    ) from error
                _log.warning("plants are told as last read: %s", error)
            self._read_us = self._now_us()
            return self._plants
