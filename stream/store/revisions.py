"""Revisions: numbered states of something stored, kept for good and never changed."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Revision:
    """When a revision was stored and by whom; numbers count from 1. A price book calls its number version."""

    number: int
    stored_at: datetime
    by: str
