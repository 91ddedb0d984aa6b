"""The outbox: events written in the transaction of what they tell, and the one relay's reads of them (rule outbox).

The relay asks for what is unsent, not for what lies above the last number it saw: numbers are given before commit, so a
transaction that commits late would be passed over for ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from psycopg.types.json import Jsonb
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection as SqlConnection

from stream.store.database import Connection
from stream.store.tables import OUTBOX

RELAY_LOCK: Final = 0x41544C53_0003
"""Advisory lock that the one relay holds for as long as its connection lives."""


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """An event to be sent: its identity, the aggregate it speaks of with its version, its type and content."""

    event_id: str
    aggregate: str
    version: int
    type: str
    content: dict[str, Any]
    created_at: datetime


class OutboxRepository(Protocol):
    """The outbox within one unit of work."""

    async def add(self, event: OutboxEvent) -> None:
        """Write an event that is sent if, and only if, the unit of work commits."""


class SqlOutboxRepository:
    """`OutboxRepository` over the unit of work's SQLAlchemy connection."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def add(self, event: OutboxEvent) -> None:
        """See `OutboxRepository`."""
        await self._connection.execute(
            insert(OUTBOX).values(
                event_id=event.event_id,
                aggregate=event.aggregate,
                version=event.version,
                type=event.type,
                content=event.content,
                created_at=event.created_at,
            )
        )


class InMemoryOutboxRepository:
    """`OutboxRepository` in a list, for tests of handlers."""

    def __init__(self, events: Sequence[OutboxEvent] = ()) -> None:
        self.events = list(events)

    async def add(self, event: OutboxEvent) -> None:
        """See `OutboxRepository`."""
        self.events.append(event)

    def copy(self) -> "InMemoryOutboxRepository":
        """A copy to be changed and thrown away or kept."""
        return InMemoryOutboxRepository(self.events)


async def add_event(conn: Connection, event: OutboxEvent) -> None:
    """Write an event in the caller's psycopg transaction."""
    await conn.execute(
        "INSERT INTO outbox (event_id, aggregate, version, type, content, created_at) VALUES (%s, %s, %s, %s, %s, %s)",
        [event.event_id, event.aggregate, event.version, event.type, Jsonb(event.content), event.created_at],
    )


async def claim_relay(conn: Connection) -> bool:
    """Take the relay's lock for this connection's life; False where another process is the relay."""
    row = await (await conn.execute("SELECT pg_try_advisory_lock(%s)", [RELAY_LOCK])).fetchone()
    return bool(row and row[0])


async def read_unsent(conn: Connection, limit: int = 200) -> list[OutboxEvent]:
    """Committed events that are not marked as sent, oldest first, and each aggregate's in order of version."""
    cursor = await conn.execute(
        "SELECT event_id, aggregate, version, type, content, created_at FROM outbox"
        " WHERE sent_at IS NULL ORDER BY id LIMIT %s",
        [limit],
    )
    return _in_version_order([OutboxEvent(*row) for row in await cursor.fetchall()])


async def mark_sent(conn: Connection, event_id: str, at: datetime) -> None:
    """Note that Kafka has acknowledged the event."""
    await conn.execute("UPDATE outbox SET sent_at = %s WHERE event_id = %s AND sent_at IS NULL", [at, event_id])


def _in_version_order(events: list[OutboxEvent]) -> list[OutboxEvent]:
    """Keep each aggregate's places in the list and fill them in order of version."""
    waiting: dict[str, list[OutboxEvent]] = {}
    for event in events:
        waiting.setdefault(event.aggregate, []).append(event)
    ordered = {name: iter(sorted(own, key=lambda event: event.version)) for name, own in waiting.items()}
    return [next(ordered[event.aggregate]) for event in events]
