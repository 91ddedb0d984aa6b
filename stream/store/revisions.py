"""Revisions: numbered states of something stored, kept for good and never changed."""

from dataclasses import dataclass
from datetime import datetime

from stream.store.errors import RevisionConflictError


@dataclass(frozen=True, slots=True)
class Revision:
    """When a revision was stored and by whom; numbers count from 1. A price book calls its number version."""

    number: int
    stored_at: datetime
    by: str


def demand_revision(what: str, expected: int | None, actual: int) -> None:
    """Let a change pass that was made for the revision in force (optimistic locking).

    `expected` is None for a change made for whichever, 0 for one made for none.

    Raises
    ------
    RevisionConflictError
        Where another one is in force.
    """
    if expected is not None and expected != actual:
        raise RevisionConflictError(what, expected, actual)
