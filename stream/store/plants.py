"""Stored plants: the port that handlers write through, its SQLAlchemy form, and reads over a pool for everyone else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection as SqlConnection

from stream.store.database import Pool
from stream.store.errors import UnknownStoredPlantError
from stream.store.revisions import Revision
from stream.store.tables import PLANT, PLANT_REVISION, TAG, TAG_TABLE
from twin.atlas.tags import PlantId, TagTable

TagKey = tuple[str, str]
"""A tag's name and stored unit: what its number stands for (rule tag-tables)."""

NUMBER_LOCK: Final = 0x41544C53_0002
"""Advisory lock under which plant numbers are given, so that two new plants never get the same."""


def table_lock(name: str) -> str:
    """The text whose hash is the advisory lock of a tag table: storing and refusing it exclude one another by it."""
    return f"tag_table:{name}"


@dataclass(frozen=True, slots=True)
class StoredPlant:
    """A plant as it stands: its newest revision, the text of its definition and the tag table in force."""

    plant: PlantId
    number: int
    name: str
    revision: int
    definition: str
    tag_table: str


class PlantRepository(Protocol):
    """Plants within one unit of work."""

    async def claim(self, plant: PlantId) -> tuple[StoredPlant | None, int]:
        """The plant as stored, held against other writers, and its number; a new plant's is the next free one."""

    async def number_tags(self, plant: PlantId, tags: Iterable[TagKey]) -> dict[TagKey, int]:
        """The number of each tag; a tag seen for the first time gets one that was never used."""

    async def save(self, stored: StoredPlant, table: TagTable, at: datetime, by: str = "") -> None:
        """Store a revision with its tag table and put it in force."""

    async def find(self, plant: str) -> StoredPlant | None:
        """The plant as stored; None where there is none."""

    async def list(self) -> list[StoredPlant]:
        """All plants, by number."""

    async def revisions(self, plant: str) -> Sequence[Revision]:
        """Every revision's number, time and name of who stored it, oldest first."""

    async def definition(self, plant: str, revision: int) -> str | None:
        """The text of one revision; None where there is no such."""


class SqlPlantRepository:
    """`PlantRepository` over one SQLAlchemy connection, whose transaction belongs to the unit of work."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def claim(self, plant: PlantId) -> tuple[StoredPlant | None, int]:
        """See `PlantRepository`; holds an advisory lock until the transaction ends."""
        await self._connection.execute(select(func.pg_advisory_xact_lock(NUMBER_LOCK)))
        stored = await self.find(plant)
        if stored is not None:
            return stored, stored.number
        number = await self._connection.scalar(select(func.coalesce(func.max(PLANT.c.number), -1) + 1))
        return None, int(number or 0)

    async def number_tags(self, plant: PlantId, tags: Iterable[TagKey]) -> dict[TagKey, int]:
        """See `PlantRepository`; only new tags take a number from the sequence."""
        wanted = list(dict.fromkeys(tags))
        known = await self._known_tags(plant)
        new = [{"plant": plant, "name": name, "unit": unit} for name, unit in wanted if (name, unit) not in known]
        if new:
            await self._connection.execute(insert(TAG).on_conflict_do_nothing(), new)
            known = await self._known_tags(plant)
        return {key: known[key] for key in wanted}

    async def save(self, stored: StoredPlant, table: TagTable, at: datetime, by: str = "") -> None:
        """See `PlantRepository`; the table's advisory lock keeps a refusal from slipping in between."""
        lock = func.pg_advisory_xact_lock(func.hashtextextended(table_lock(table.name), 0))
        await self._connection.execute(select(lock))
        content = {"name": table.name, "plant": stored.plant, "content": table.encoded, "created_at": at}
        await self._connection.execute(insert(TAG_TABLE).values(content).on_conflict_do_nothing())
        head = {"number": stored.number, "name": stored.name, "revision": stored.revision, "tag_table": table.name}
        upsert = insert(PLANT).values(plant=stored.plant, **head)
        await self._connection.execute(upsert.on_conflict_do_update(index_elements=["plant"], set_=head))
        await self._connection.execute(
            insert(PLANT_REVISION).values(
                plant=stored.plant,
                revision=stored.revision,
                definition=stored.definition,
                tag_table=table.name,
                created_at=at,
                by=by,
            )
        )

    async def find(self, plant: str) -> StoredPlant | None:
        """See `PlantRepository`."""
        row = (await self._connection.execute(_STORED.where(PLANT.c.plant == plant))).one_or_none()
        return None if row is None else _stored(tuple(row))

    async def list(self) -> list[StoredPlant]:
        """See `PlantRepository`."""
        rows = (await self._connection.execute(_STORED.order_by(PLANT.c.number))).all()
        return [_stored(tuple(row)) for row in rows]

    async def revisions(self, plant: str) -> Sequence[Revision]:
        """See `PlantRepository`."""
        of = PLANT_REVISION.c
        query = select(of.revision, of.created_at, of.by).where(of.plant == plant).order_by(of.revision)
        return [Revision(*row) for row in (await self._connection.execute(query)).all()]

    async def definition(self, plant: str, revision: int) -> str | None:
        """See `PlantRepository`."""
        of = PLANT_REVISION.c
        query = select(of.definition).where(of.plant == plant, of.revision == revision)
        found: str | None = await self._connection.scalar(query)
        return found

    async def _known_tags(self, plant: PlantId) -> dict[TagKey, int]:
        query = select(TAG.c.name, TAG.c.unit, TAG.c.tag_id).where(TAG.c.plant == plant)
        return {(row.name, row.unit): row.tag_id for row in (await self._connection.execute(query)).all()}


_STORED: Final = select(
    PLANT.c.plant, PLANT.c.number, PLANT.c.name, PLANT.c.revision, PLANT_REVISION.c.definition, PLANT.c.tag_table
).join(PLANT_REVISION, (PLANT_REVISION.c.plant == PLANT.c.plant) & (PLANT_REVISION.c.revision == PLANT.c.revision))


class InMemoryPlantRepository:
    """`PlantRepository` in dictionaries, for tests of handlers; passes the same contract suite."""

    def __init__(self) -> None:
        self.plants: dict[str, StoredPlant] = {}
        self.stored: dict[str, tuple[tuple[str, Revision], ...]] = {}
        self.tags: dict[tuple[PlantId, TagKey], int] = {}
        self.tables: dict[str, TagTable] = {}

    async def claim(self, plant: PlantId) -> tuple[StoredPlant | None, int]:
        """See `PlantRepository`."""
        stored = self.plants.get(plant)
        if stored is not None:
            return stored, stored.number
        return None, max((known.number for known in self.plants.values()), default=-1) + 1

    async def number_tags(self, plant: PlantId, tags: Iterable[TagKey]) -> dict[TagKey, int]:
        """See `PlantRepository`."""
        return {key: self.tags.setdefault((plant, key), len(self.tags) + 1) for key in dict.fromkeys(tags)}

    async def save(self, stored: StoredPlant, table: TagTable, at: datetime, by: str = "") -> None:
        """See `PlantRepository`."""
        self.plants[stored.plant] = stored
        self.tables[table.name] = table
        before, revision = self.stored.get(stored.plant, ()), Revision(stored.revision, at, by)
        self.stored[stored.plant] = (*before, (stored.definition, revision))

    async def find(self, plant: str) -> StoredPlant | None:
        """See `PlantRepository`."""
        return self.plants.get(plant)

    async def list(self) -> list[StoredPlant]:
        """See `PlantRepository`."""
        return sorted(self.plants.values(), key=lambda stored: stored.number)

    async def revisions(self, plant: str) -> Sequence[Revision]:
        """See `PlantRepository`."""
        return [revision for _, revision in self.stored.get(plant, ())]

    async def definition(self, plant: str, revision: int) -> str | None:
        """See `PlantRepository`."""
        return next((text for text, each in self.stored.get(plant, ()) if each.number == revision), None)

    def copy(self) -> "InMemoryPlantRepository":
        """A copy to be changed and thrown away or kept."""
        twin = InMemoryPlantRepository()
        twin.plants, twin.stored = dict(self.plants), dict(self.stored)
        twin.tags, twin.tables = dict(self.tags), dict(self.tables)
        return twin


_SELECT: Final = """
    SELECT p.plant, p.number, p.name, p.revision, r.definition, p.tag_table
    FROM plant p JOIN plant_revision r ON r.plant = p.plant AND r.revision = p.revision
"""


async def list_plants(pool: Pool) -> list[StoredPlant]:
    """All plants, by number."""
    async with pool.connection() as conn:
        rows = await (await conn.execute(_SELECT + " ORDER BY p.number")).fetchall()
    return [_stored(row) for row in rows]


async def plant_numbers(pool: Pool) -> dict[PlantId, int]:
    """The number of each plant, without their definitions, which are large."""
    async with pool.connection() as conn:
        rows = await (await conn.execute("SELECT plant, number FROM plant ORDER BY number")).fetchall()
    return {PlantId(str(plant)): int(number) for plant, number in rows}


async def read_plant(pool: Pool, plant: str) -> StoredPlant:
    """One plant.

    Raises
    ------
    UnknownStoredPlantError
        Where no plant of that name is stored.
    """
    async with pool.connection() as conn:
        row = await (await conn.execute(_SELECT + " WHERE p.plant = %s", [plant])).fetchone()
    if row is None:
        raise UnknownStoredPlantError(plant)
    return _stored(row)


async def read_definition(pool: Pool, plant: str, revision: int) -> str | None:
    """The text of one revision of a plant, or None where there is no such."""
    query = "SELECT definition FROM plant_revision WHERE plant = %s AND revision = %s"
    async with pool.connection() as conn:
        row = await (await conn.execute(query, [plant, revision])).fetchone()
    return None if row is None else str(row[0])


async def read_tag_table(pool: Pool, name: str) -> TagTable | None:
    """The tag table of that name, checked against it, or None where none is stored."""
    async with pool.connection() as conn:
        row = await (await conn.execute("SELECT content FROM tag_table WHERE name = %s", [name])).fetchone()
    return None if row is None else TagTable.decode(bytes(row[0]), name)


async def tag_ids_of(pool: Pool, plant: str) -> Mapping[TagKey, int]:
    """Every number ever given to a tag of the plant, by name and unit."""
    async with pool.connection() as conn:
        rows = await (await conn.execute("SELECT name, unit, tag_id FROM tag WHERE plant = %s", [plant])).fetchall()
    return {(str(name), str(unit)): int(tag_id) for name, unit, tag_id in rows}


def _stored(row: tuple[object, ...]) -> StoredPlant:
    plant, number, name, revision, definition, tag_table = row
    return StoredPlant(
        PlantId(str(plant)), int(str(number)), str(name), int(str(revision)), str(definition), str(tag_table)
    )
