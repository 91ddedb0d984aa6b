"""What the API asks of the database and of Kafka, as it asks it; adapters and the tests' fakes stand behind."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from api.schemas import Aggregate
from stream.envelope import ReadingBatch
from stream.jobs.job import Progress
from stream.store.history import PastReading, Series
from stream.store.plants import StoredPlant
from twin.atlas.errors import AtlasError
from twin.atlas.tags import TagTable


class ApiError(AtlasError):
    """Root of the API's own errors."""


class DatabaseAwayError(ApiError):
    """The database does not answer."""


class InboxAwayError(ApiError):
    """Kafka did not acknowledge a record in time."""


class RecordTooLargeError(ApiError):
    """The broker would refuse a record for its size."""


@dataclass(frozen=True, slots=True)
class Span:
    """A range of time, microseconds UTC; `start` belongs to it, `end` does not."""

    start: int
    end: int


class PlantRecords(Protocol):
    """The plants and readings in the database; every method raises `DatabaseAwayError` where it does not answer."""

    async def list_plants(self) -> Sequence[StoredPlant]:
        """All plants, by number."""

    async def read_tag_table(self, name: str) -> TagTable | None:
        """The tag table of that name."""

    async def read_history(
        self, tag_ids: Sequence[int], span: Span, aggregate: Aggregate, points: int, scan_period_us: int
    ) -> Sequence[Series]:
        """A series for each tag, of at most about `points` points; see `stream.store.history`."""

    async def read_state_at(self, tag_ids: Sequence[int], at_us: int) -> Sequence[PastReading]:
        """The reading that held at a time, of each tag that had one."""

    async def has_row(self, tag_id: int, time_us: int) -> bool:
        """Whether the reading of that tag and time is in the table."""

    async def ping(self) -> None:
        """Return where the database answers."""


class Inbox(Protocol):
    """Where readings are handed in."""

    async def put(self, plant_number: int, content: bytes) -> None:
        """Hand in one record; returns once the broker has it.

        Raises
        ------
        InboxAwayError
            Where it did not acknowledge in time; the record may have arrived all the same.
        RecordTooLargeError
            Where the broker would refuse it.
        """


@dataclass(frozen=True, slots=True)
class LoggedBatch:
    """A batch with the time, microseconds UTC, at which the log took it."""

    batch: ReadingBatch
    log_time: int


class ReadingLog(Protocol):
    """The log that orders the plants' readings."""

    async def read_batch(self, plant_number: int, offset: int) -> LoggedBatch | None:
        """The batch at an offset of the plant's partition; None where there is none or it does not answer in time."""


class JobFollower(Protocol):
    """Follows jobs."""

    def follow(self, job: int, after: int = 0) -> AsyncIterator[Progress]:
        """What happened to a job after this number and what happens from now on, up to its end.

        Raises
        ------
        DatabaseAwayError
            Where the database does not answer; go on after the last number that came.
        """
