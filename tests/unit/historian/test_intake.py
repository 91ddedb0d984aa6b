"""Intake: which records of a partition become rows, in the light of the log they were meant for."""

from dataclasses import dataclass, field

import numpy as np

from stream import topics
from stream.envelope import LOG_HEADER, encode, make_batch
from stream.historian.chunk import Chunk
from stream.historian.intake import Intake
from stream.historian.known_tables import KnownTables
from stream.historian.positions import Position
from stream.tag_tables import Refusals
from twin.atlas.tags import Tag, TagTable, TagTableContent

T0 = 1_790_000_000_000_000
PARTITION = 7
MILL = TagTable.of(
    TagTableContent(
        plant="mill",
        number=PARTITION,
        revision=1,
        tags=(Tag(tag_id=1, name="TI-1.PV", description="", unit="K", low=0, high=100, source="plc"),),
    )
)


class Tables:
    async def find_table(self, name: str) -> tuple[TagTable | None, Refusals]:
        return MILL, frozenset()

    async def refuse_table(self, name: str, plant: str, incarnation: str, offset: int) -> bool:
        raise AssertionError("the table is stored")


@dataclass
class Record:
    """What intake reads of a Kafka record."""

    offset: int
    value: bytes
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    topic: str = topics.READINGS.name
    partition: int = PARTITION
    timestamp: int = T0 // 1000


def batch(seq: int) -> bytes:
    return encode(
        make_batch(
            plant="mill", source="plc", epoch=1, seq=seq, tag_table=MILL.name, origin="live",
            tag_ids=np.array([1], np.int32), times=np.array([T0 + seq]), values=np.array([20.0]),
            quality=np.zeros(1, np.uint32),
        )
    )  # fmt: skip


async def test_log_may_vanish_a_batch_meant_for_another_log_does_not_drop_those_that_are_sent_again() -> None:
    asked: list[None] = []

    async def confirm_log() -> None:
        asked.append(None)

    intake = Intake(KnownTables(Tables(), "log-b"), {(topics.READINGS.name, PARTITION): Position()}, confirm_log)
    chunk = Chunk()
    assert await intake.take(chunk, Record(0, batch(5), [(LOG_HEADER, b"log-a")]))
    for offset, seq in enumerate(range(6), start=1):
        assert await intake.take(chunk, Record(offset, batch(seq), [(LOG_HEADER, b"log-b")]))
    assert [int(rows.times[0]) - T0 for rows in chunk.plain] == [0, 1, 2, 3, 4, 5]
    assert (chunk.counts.batches, chunk.counts.gaps, chunk.letters) == (6, 0, [])
    assert chunk.moves[topics.READINGS.name, PARTITION].to.next_offset == 7
    assert not asked
