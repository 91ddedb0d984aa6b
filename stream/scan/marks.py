"""Marks: the highest batch number seen of each (source, epoch) of a plant, and the verdict on the next one.

The connector numbers batches upwards and has one in flight, so what is at or below the mark has been seen, and a batch
whose predecessor is above the mark means that something is missing (rules one-in-flight and log-may-vanish).
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

MAX_EPOCHS: Final = 256
"""Epochs kept per plant; a connector makes one per process start, and only its newest few can still have batches."""


class Verdict(Enum):
    """What a batch number says in the light of the mark."""

    NEXT = "next"
    REPEATED = "repeated"
    GAP = "gap"


@dataclass(slots=True)
class Marks:
    """Highest number seen by (source, epoch), in the order of last use."""

    seen: dict[tuple[str, int], int] = field(default_factory=dict)

    def judge(self, source: str, epoch: int, seq: int, after: int | None = None) -> Verdict:
        """What the batch `seq` of (source, epoch) is: the next, a repeated one, or one after a gap.

        `after` is the number of the batch before it, where that is not `seq` - 1.
        """
        mark = self.seen.get((source, epoch), -1)
        if seq <= mark:
            return Verdict.REPEATED
        before = seq - 1 if after is None else after
        return Verdict.NEXT if before <= mark else Verdict.GAP

    def advance(self, source: str, epoch: int, seq: int) -> None:
        """Take `seq` as seen; marks never go back, and the least recently used epochs fall out beyond `MAX_EPOCHS`."""
        key = (source, epoch)
        mark = max(seq, self.seen.pop(key, -1))
        self.seen[key] = mark
        while len(self.seen) > MAX_EPOCHS:
            del self.seen[next(iter(self.seen))]
