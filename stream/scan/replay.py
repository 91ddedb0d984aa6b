"""Replaying a twin up to a moment: pure, on a fork, so that the twin it starts from stays as it was."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from stream.envelope import Record
from stream.scan.plant_twin import PlantTwin, is_for

_LAST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Moment:
    """A place in a partition's past: after the record at `offset`, and before the first one later than `log_time`.

    `log_time` in microseconds UTC; what is left out sets no bound.
    """

    offset: int = _LAST
    log_time: int = _LAST

    def has(self, offset: int, log_time: int) -> bool:
        """Whether a record lies before this moment, given that those before it do."""
        return offset <= self.offset and log_time <= self.log_time


def replay(twin: PlantTwin, records: Iterable[tuple[int, int, Record]], moment: Moment) -> PlantTwin:
    """The twin at a moment, from an earlier one and the records after it, each with its offset and log time.

    Its `find_table` must know the tag tables that the records name.
    """
    replayed = twin.fork()
    for offset, log_time, record in records:
        if not moment.has(offset, log_time):
            break
        if is_for(record, twin.table.plant):
            replayed.apply(record, offset, log_time)
    return replayed
