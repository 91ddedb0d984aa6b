"""A plant's twin as it was at any moment that the log still holds: snapshot and replay, without any effect.

What-if, reports and "what did we know then" use it. It reads Kafka with a consumer of its own and the database, and
writes nowhere: a tag table that nobody has stored is not waited for, and no refusal is written.
"""

from dataclasses import dataclass
from typing import Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition

from stream import topics
from stream.kafka import KafkaConfig, open_reader, read_incarnation
from stream.recovery import LogRangeMissingError, Snapshot, TwinsOfPartition, read_range
from stream.scan.plant_twin import PlantTwin
from stream.scan.replay import Moment
from stream.tag_tables import Refusals, TableStore, TagTables
from twin.atlas.errors import AtlasError
from twin.atlas.tags import TagTable


class PlantNotKnownThenError(AtlasError):
    """A plant of which the log holds nothing up to the moment asked for."""


class PastStore(TableStore, Protocol):
    """Where tag tables and past snapshots are kept."""

    async def snapshot_before(self, plant: str, incarnation: str, moment: Moment) -> Snapshot | None:
        """The plant's newest snapshot in this log at or before the moment."""


@dataclass(frozen=True, slots=True)
class Past:
    """The past of all plants in one log; `reader` is a started consumer without group, used by one caller at a time."""

    incarnation: str
    reader: AIOKafkaConsumer
    store: PastStore

    async def twin(self, plant: str, number: int, moment: Moment) -> PlantTwin:
        """The twin of a plant as it was at a moment.

        Parameters
        ----------
        plant, number
            The plant and its number, which names its partition.
        moment
            A moment past the end of the log means the newest record.

        Raises
        ------
        PlantNotKnownThenError
            Where the log holds nothing of the plant up to then.
        LogRangeMissingError
            Where the log no longer holds what lies between the nearest snapshot and the moment.
        """
        at = TopicPartition(topics.READINGS.name, topics.partition_of(number))
        tables = TagTables(_Unchanged(self.store), self.incarnation, patience_s=0.0)
        twins = TwinsOfPartition(at.partition, self.incarnation, tables, only=plant)
        await twins.restore([plant], _Before(self.store, self.incarnation, moment))
        self.reader.assign([at])
        begin: int = (await self.reader.beginning_offsets([at]))[at]
        end: int = (await self.reader.end_offsets([at]))[at]
        if twins.next_offset < begin:
            raise LogRangeMissingError(
                f"{plant}: records {twins.next_offset} to {begin - 1} are no longer in the log",
                remedy="ask for a later moment",
            )
        async for record in read_range(self.reader, at.partition, twins.next_offset, min(end, moment.offset + 1)):
            if not moment.has(record.offset, record.log_time):
                break
            await twins.take(record)
        if plant not in twins.twins:
            raise PlantNotKnownThenError(f"{plant}: the log holds nothing of it up to then", remedy="ask for later")
        return twins.twins[plant]


async def twin_as_of(kafka: KafkaConfig, store: PastStore, plant: str, number: int, moment: Moment) -> PlantTwin:
    """The twin of a plant as it was at a moment, with a consumer opened for it; see `Past.twin`.

    Raises
    ------
    LogVanishedError
        Where Kafka holds no log of ours.
    """
    incarnation = await read_incarnation(kafka)
    reader = await open_reader(kafka, "atlas-as-of")
    try:
        return await Past(incarnation, reader, store).twin(plant, number, moment)
    finally:
        await reader.stop()


@dataclass(frozen=True, slots=True)
class _Before:
    """The snapshots before a moment as `TwinsOfPartition.restore` asks for them."""

    store: PastStore
    incarnation: str
    moment: Moment

    async def newest_snapshot(self, plant: str) -> Snapshot | None:
        return await self.store.snapshot_before(plant, self.incarnation, self.moment)


@dataclass(frozen=True, slots=True)
class _Unchanged:
    """Tag tables as they are stored; what is not stored is refused here, and nowhere else."""

    store: TableStore

    async def find_table(self, name: str) -> tuple[TagTable | None, Refusals]:
        return await self.store.find_table(name)

    async def refuse_table(self, name: str, plant: str, incarnation: str, offset: int) -> bool:
        return True
