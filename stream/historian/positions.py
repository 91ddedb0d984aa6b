"""Where the historian stands in each partition: rows of `position`, moved only together with what was written.

A move is fenced: it succeeds only where the row stands where this process left it, so of two historians one writes and
the other finds out and ends. A position also names the log and the last batch before it (rule log-may-vanish).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from stream.store.database import Connection
from stream.store.errors import FencedError

CONSUMER: Final = "historian"

Place = tuple[str, int]
"""A topic's name and a partition."""


@dataclass(frozen=True, slots=True)
class Position:
    """The next offset to read, the last batch before it as "source/epoch/seq@offset", and the newest log time (us)."""

    next_offset: int = 0
    fingerprint: str = ""
    clock: int = 0


@dataclass(frozen=True, slots=True)
class Move:
    """From where a transaction takes a position, and to where."""

    expected: int
    to: Position


async def load_positions(conn: Connection, incarnation: str, places: Iterable[Place]) -> dict[Place, Position]:
    """The position of each place, made where missing, and begun anew where it speaks of another log.

    Raises
    ------
    FencedError
        Where another historian moves a position while it is begun anew.
    """
    wanted = list(places)
    async with conn.transaction():
        async with conn.cursor() as cursor:
            await cursor.executemany(
                "INSERT INTO position (consumer, topic, partition, incarnation, next_offset) VALUES (%s, %s, %s, %s, 0)"
                " ON CONFLICT DO NOTHING",
                [(CONSUMER, topic, partition, incarnation) for topic, partition in wanted],
            )
        await conn.execute(
            "UPDATE position SET incarnation = %s, next_offset = 0, fingerprint = '', clock = 0"
            " WHERE consumer = %s AND incarnation <> %s",
            [incarnation, CONSUMER, incarnation],
        )
    found = await _read(conn, incarnation)
    missing = [place for place in wanted if place not in found]
    if missing:
        raise FencedError(f"position of {missing[0]} was moved by another historian", remedy="let only one run")
    return {place: found[place] for place in wanted}


async def begin_anew(conn: Connection, incarnation: str, place: Place, expected: int) -> Position:
    """Put one position back to the start of the log, because its fingerprint does not match what is there."""
    await move_positions(conn, incarnation, {place: Move(expected, Position())})
    return Position()


async def move_positions(conn: Connection, incarnation: str, moves: Mapping[Place, Move]) -> None:
    """Move positions within the caller's transaction, always in the same order, so that two writers cannot deadlock.

    Raises
    ------
    FencedError
        Where one of them does not stand where it was left.
    """
    ordered = sorted(moves.items())
    cursor = await conn.execute(
        "WITH held AS (SELECT p.topic, p.partition FROM position p"
        " JOIN unnest(%(topics)s::text[], %(partitions)s::int[]) AS w (topic, partition) USING (topic, partition)"
        " WHERE p.consumer = %(consumer)s ORDER BY p.topic, p.partition FOR UPDATE OF p)"
        " UPDATE position p SET next_offset = m.to_offset, fingerprint = m.fingerprint, clock = m.clock"
        " FROM unnest(%(topics)s::text[], %(partitions)s::int[], %(expected)s::bigint[], %(to)s::bigint[],"
        " %(fingerprints)s::text[], %(clocks)s::bigint[])"
        " AS m (topic, partition, expected, to_offset, fingerprint, clock) JOIN held USING (topic, partition)"
        " WHERE p.consumer = %(consumer)s AND p.topic = m.topic AND p.partition = m.partition"
        " AND p.incarnation = %(incarnation)s AND p.next_offset = m.expected",
        {
            "consumer": CONSUMER,
            "incarnation": incarnation,
            "topics": [place[0] for place, _ in ordered],
            "partitions": [place[1] for place, _ in ordered],
            "expected": [move.expected for _, move in ordered],
            "to": [move.to.next_offset for _, move in ordered],
            "fingerprints": [move.to.fingerprint for _, move in ordered],
            "clocks": [move.to.clock for _, move in ordered],
        },
    )
    if cursor.rowcount != len(moves):
        raise FencedError(
            f"{len(moves) - cursor.rowcount} of {len(moves)} positions are not where this historian left them",
            remedy="another one runs; this one ends and its supervisor starts it at the new positions",
        )


async def are_moved(conn: Connection, incarnation: str, moves: Mapping[Place, Move]) -> bool:
    """Whether all positions stand at their moves' ends: asked when a connection broke while a commit was under way."""
    found = await _read(conn, incarnation)
    return all(place in found and found[place] == move.to for place, move in moves.items())


async def _read(conn: Connection, incarnation: str) -> dict[Place, Position]:
    cursor = await conn.execute(
        "SELECT topic, partition, next_offset, fingerprint, clock FROM position"
        " WHERE consumer = %s AND incarnation = %s",
        [CONSUMER, incarnation],
    )
    return {(row[0], row[1]): Position(row[2], row[3], row[4]) for row in await cursor.fetchall()}
