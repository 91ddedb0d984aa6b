"""What has come of a backlog: values that can be queried, and values whose change the worker has said."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from stream.bench.backlog import Backlog
from stream.bench.plants import BenchPlant
from stream.historian.positions import CONSUMER
from stream.kafka import KafkaConfig, open_reader
from stream.store.database import Connection, DatabaseConfig, connect
from stream.topics import READINGS, TWIN

_COUNT_S: Final = 300


@dataclass
class Outcome:
    """Watches one backlog; use it as an async context manager."""

    backlog: Backlog
    reader: AIOKafkaConsumer
    conn: Connection

    @classmethod
    async def of(cls, backlog: Backlog, kafka: KafkaConfig, dsn: str) -> "Outcome":
        """Connect to both servers."""
        conn = await connect(
            DatabaseConfig(dsn, application="atlas-bench", statement_timeout_s=_COUNT_S), autocommit=True
        )
        return cls(backlog, await open_reader(kafka, "atlas-bench"), conn)

    async def __aenter__(self) -> Self:
        """Go on with what `of` connected."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect."""
        await self.reader.stop()
        await self.conn.close()

    async def stored(self) -> int:
        """Values committed: the historian's positions move in the transaction of the rows before them."""
        cursor = await self.conn.execute(
            "SELECT partition, next_offset FROM position WHERE consumer = %s AND topic = %s", [CONSUMER, READINGS.name]
        )
        return self._values({int(row[0]): int(row[1]) for row in await cursor.fetchall()})

    async def worked(self) -> int:
        """Values whose changes are in `atlas.twin`: one record for each batch, in the batches' order."""
        ends = await self.reader.end_offsets([TopicPartition(TWIN.name, p) for p in self.backlog.records])
        return self._values({at.partition: end for at, end in ends.items()})

    async def count(self, plants: Sequence[BenchPlant]) -> int:
        """Rows of these plants in `reading`, counted by the database."""
        cursor = await self.conn.execute(
            "SELECT count(*) FROM reading WHERE tag_id BETWEEN %s AND %s",
            [min(int(plant.tag_ids[0]) for plant in plants), max(int(plant.tag_ids[-1]) for plant in plants)],
        )
        row = await cursor.fetchone()
        return 0 if row is None else int(row[0])

    def _values(self, reached: dict[int, int]) -> int:
        # What comes after the backlog (ticks of the worker) counts for nothing.
        records = sum(min(reached.get(p, 0), expected) for p, expected in self.backlog.records.items())
        return records * self.backlog.values // sum(self.backlog.records.values())
