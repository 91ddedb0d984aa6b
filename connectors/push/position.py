"""Where in the inbox the connector goes on, and the epochs that its offsets are numbers of (ADR 0008).

The file may lag behind the spools, never run ahead of them: what is forwarded again bears the same numbers, so spools
and readers drop it. Epochs follow from the log's name and the partition, so that a lost file changes no number.
"""

import hashlib
import logging
from pathlib import Path
from typing import Final

import msgspec

from connectors.connection import write_whole

_EPOCH_BITS: Final = 63
_logger = logging.getLogger(__name__)


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The file: the log's name, how many inboxes that log has had before, and the next offset by partition."""

    incarnation: str
    life: int = 0
    next: dict[int, int] = {}


class InboxPosition:
    """The next offset of each partition in the inbox of one log; positions in any other log are forgotten."""

    def __init__(self, path: Path, incarnation: str) -> None:
        self._path = path
        self.incarnation = incarnation
        kept = _load(path)
        same = kept is not None and kept.incarnation == incarnation
        self._life = kept.life if kept is not None and same else 0
        self._next = dict(kept.next) if kept is not None and same else {}
        self._changed = False

    def next(self, partition: int) -> int:
        """The first offset of the partition that has not been forwarded."""
        return self._next.get(partition, 0)

    def epoch(self, partition: int) -> int:
        """The epoch of batches that bear offsets of this partition as numbers."""
        name = f"{self.incarnation}/{self._life}/{partition}"
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) >> (64 - _EPOCH_BITS)

    def advance(self, partition: int, offset: int) -> None:
        """All before `offset` has been forwarded: it lies on disk or was refused for good."""
        self._next[partition] = offset
        self._changed = True

    def begin_anew(self) -> None:
        """The inbox was made anew in the same log: its offsets are other records' now, and get other epochs."""
        self._life += 1
        self._next = {}
        self._changed = True
        self.save()

    def save(self) -> None:
        """Write the file where anything has changed."""
        if self._changed:
            self._changed = False
            kept = _Kept(incarnation=self.incarnation, life=self._life, next=dict(self._next))
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, msgspec.json.encode(kept))


def _load(path: Path) -> _Kept | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Kept)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        _logger.warning("%s cannot be read (%s); the inbox is read from its beginning", path, error)
        return None
