"""What every event of a use case says: its identity, its time and who caused it; and where it gets them by default."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

from stream.store.outbox import OutboxEvent

Clock = Callable[[], datetime]
Identities = Callable[[], str]


class Event(BaseModel):
    """Something that has happened; `by` names the key or account that asked for it."""

    model_config = ConfigDict(frozen=True)

    event_id: str
    at: datetime
    by: str

    def for_outbox(self, aggregate: str, version: int) -> OutboxEvent:
        """The event as the outbox keeps it; `version` orders the events of one aggregate."""
        return OutboxEvent(
            event_id=self.event_id,
            aggregate=aggregate,
            version=version,
            type=type(self).__name__,
            content=self.model_dump(mode="json"),
            created_at=self.at,
        )


def utc_now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


def new_identity() -> str:
    """A random identity for an event."""
    return uuid.uuid4().hex
