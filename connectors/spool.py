"""The spool: numbered batches of one source on disk, kept from the field's report until the historian has stored them.

Segment files are only appended to. A batch counts as kept when its bytes are synced (`append` returns then); batches
that arrive while a sync runs share the next one. `peek` and `advance` walk the kept batches in order, `rewind` starts
over, `trim` forgets what is stored (rules one-in-flight, stored-then-trimmed, log-may-vanish). After a crash the torn
tail is cut off; everything whole is walked again, because only stored marks decide what may go.
"""

import asyncio
import contextlib
import errno
import fcntl
import logging
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from connectors.connection import sync_folder
from connectors.errors import SpoolError, SpoolFullError
from connectors.segment import HEADER_BYTES, encode_record, length_at, read_record, scan

_logger = logging.getLogger(__name__)
_SUFFIX: Final = ".spool"
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)


class SpooledBatch(NamedTuple):
    """A kept batch: its numbers, its encoded `ReadingBatch`, and where the walk goes on behind it."""

    epoch: int
    seq: int
    payload: bytes
    behind: tuple[int, int]


@dataclass
class _Segment:
    number: int
    handle: int
    size: int
    last: dict[int, int] = field(default_factory=dict)


@dataclass
class _Pending:
    record: bytes
    epoch: int
    seq: int
    kept: "asyncio.Future[None]"


class Spool:
    """Numbered batches of one source on disk; made by `open_spool`, one at a time per folder."""

    def __init__(self, folder: Path, lock: int, segments: list[_Segment], limit_bytes: int, segment_bytes: int) -> None:
        self.folder = folder
        self.limit_bytes = limit_bytes
        self.damaged_bytes = 0
        """Bytes that could not be read back although they had been synced; never silent, see the log."""
        self._lock = lock
        self._segments = segments
        self._segment_bytes = segment_bytes
        self._next_number = segments[-1].number + 1 if segments else 1
        self._last: dict[int, int] = {}
        for segment in segments:
            self._last.update(segment.last)
        self._trimmed: dict[int, int] = {}
        self._cursor = (0, 0)
        self._pending: list[_Pending] = []
        self._pending_bytes = 0
        self._committer: asyncio.Task[None] | None = None
        self._broken = ""
        self._room = asyncio.Event()
        self._listeners: list[asyncio.Event] = []

    @property
    def used_bytes(self) -> int:
        """Bytes of the segment files, and of what waits for its sync."""
        return sum(segment.size for segment in self._segments) + self._pending_bytes

    @property
    def fullness(self) -> float:
        """Share of the limit that is used, 0 to 1."""
        return self.used_bytes / self.limit_bytes

    def last_seq(self, epoch: int) -> int:
        """The highest seq of this epoch that was kept or stored as far as this spool remembers; -1 for none."""
        return max(self._last.get(epoch, -1), self._trimmed.get(epoch, -1))

    def listen(self, more: asyncio.Event) -> None:
        """Set `more` whenever there may be a batch to walk to."""
        self._listeners.append(more)
        more.set()

    async def append(self, epoch: int, seq: int, payload: bytes) -> None:
        """Keep a batch; returns when it is on disk. Seqs of an epoch must rise.

        Raises
        ------
        SpoolFullError
            Where the limit, or the disk, leaves no room; nothing was kept.
        SpoolError
            Where the disk failed, or the seq does not rise; nothing was kept.
        """
        if self._broken:
            raise SpoolError(self._broken)
        if seq <= self.last_seq(epoch):
            raise SpoolError(f"batch {seq} of epoch {epoch} came after {self.last_seq(epoch)}; number them upwards")
        record = encode_record(epoch, seq, payload)
        if self.used_bytes + len(record) > self.limit_bytes:
            raise SpoolFullError(
                f"the spool {self.folder} holds {self.used_bytes} of {self.limit_bytes} bytes; start the historian and "
                "the database, or raise the limit"
            )
        waiting = _Pending(record, epoch, seq, asyncio.get_running_loop().create_future())
        self._last[epoch] = seq
        self._pending.append(waiting)
        self._pending_bytes += len(record)
        if self._committer is None or self._committer.done():
            self._committer = asyncio.create_task(self._commit())
        await waiting.kept

    async def wait_for_room(self, payload_bytes: int, share: float = 1.0) -> None:
        """Return when a payload of this size fits into this share of the limit."""
        # An empty spool takes anything that the limit allows, or a small limit would wait for ever.
        ceiling = max(int(self.limit_bytes * share), min(payload_bytes + HEADER_BYTES, self.limit_bytes))
        while self.used_bytes + payload_bytes + HEADER_BYTES > ceiling:
            self._room.clear()
            with contextlib.suppress(TimeoutError):  # Looks again now and then: a full disk frees itself unseen.
                await asyncio.wait_for(self._room.wait(), 1.0)

    def peek(self) -> SpooledBatch | None:
        """The next batch of the walk that is not stored yet, or None; stays there until `advance`."""
        while (found := self._read_at_cursor()) is not None:
            if found.seq > self._trimmed.get(found.epoch, -1):
                return found
            self._cursor = found.behind
        return None

    def advance(self, batch: SpooledBatch) -> None:
        """Walk on behind a batch that `peek` gave."""
        self._cursor = max(self._cursor, batch.behind)

    def rewind(self) -> None:
        """Walk from the oldest kept batch again."""
        self._cursor = (0, 0)
        self._tell()

    def trim(self, epoch: int, seq: int) -> None:
        """Forget the batches of `epoch` up to `seq`: they are stored."""
        if epoch not in self._last or seq <= self._trimmed.get(epoch, -1):
            return
        self._trimmed[epoch] = seq
        idle = self._committer is None or self._committer.done()
        while self._segments and self._is_stored(self._segments[0]):
            if len(self._segments) == 1 and not idle:
                break  # The committer may be writing into it; it goes at a later mark.
            self._drop(self._segments.pop(0))
        self._room.set()

    async def close(self) -> None:
        """Finish the sync that runs, and let the folder go."""
        if self._committer is not None:
            await self._committer
        for segment in self._segments:
            os.close(segment.handle)
        self._segments = []
        self._broken = f"the spool {self.folder} is closed"
        os.close(self._lock)

    def _is_stored(self, segment: _Segment) -> bool:
        return all(self._trimmed.get(epoch, -1) >= seq for epoch, seq in segment.last.items())

    def _drop(self, segment: _Segment) -> None:
        os.close(segment.handle)
        _path(self.folder, segment.number).unlink(missing_ok=True)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener.set()

    def _read_at_cursor(self) -> SpooledBatch | None:
        for at, segment in enumerate(self._segments):
            if segment.number < self._cursor[0]:
                continue
            offset = self._cursor[1] if segment.number == self._cursor[0] else 0
            if offset < segment.size:
                found = self._read(segment, offset)
                if found is not None:
                    return found
                self._cursor = (segment.number, segment.size)
            if at + 1 < len(self._segments):
                self._cursor = (self._segments[at + 1].number, 0)
        return None

    def _read(self, segment: _Segment, offset: int) -> SpooledBatch | None:
        header = os.pread(segment.handle, HEADER_BYTES, offset)
        whole = header
        if len(header) == HEADER_BYTES and length_at(header) <= segment.size - offset:
            whole += os.pread(segment.handle, length_at(header), offset + HEADER_BYTES)
        record = read_record(whole, 0)
        if record is None:
            lost = segment.size - offset
            self.damaged_bytes += lost
            _logger.error("%s is damaged: %d bytes cannot be read", _path(self.folder, segment.number), lost)
            return None
        return SpooledBatch(record.epoch, record.seq, record.payload, (segment.number, offset + record.end))

    async def _commit(self) -> None:
        while self._pending:
            group, self._pending = self._pending, []
            size = sum(len(waiting.record) for waiting in group)
            error: SpoolError | None = None
            try:
                segment = await self._open_for(size)
                data = b"".join(waiting.record for waiting in group)
                await asyncio.to_thread(_write_durably, segment.handle, data, segment.size)
                segment.size += size
            except OSError as failure:
                error = self._explain(failure)
            self._pending_bytes -= size
            self._settle(group, error)

    def _settle(self, group: list[_Pending], error: SpoolError | None) -> None:
        for waiting in group:
            if error is None:
                self._segments[-1].last[waiting.epoch] = waiting.seq
            elif not self._pending:  # Numbers not kept may be given again, unless later ones wait behind them.
                self._last[waiting.epoch] = min(self._last[waiting.epoch], waiting.seq - 1)
            if not waiting.kept.done():
                if error is None:
                    waiting.kept.set_result(None)
                else:
                    waiting.kept.set_exception(error)
        self._tell()

    def _explain(self, failure: OSError) -> SpoolError:
        if failure.errno in _NO_ROOM:
            return SpoolFullError(f"the disk under {self.folder} is full ({failure}); make room there")
        self._broken = f"the disk under {self.folder} failed ({failure}); replace it, then start the connector again"
        return SpoolError(self._broken)

    async def _open_for(self, size: int) -> _Segment:
        last = self._segments[-1] if self._segments else None
        if last is not None and (last.size == 0 or last.size + size <= self._segment_bytes):
            return last
        segment = await asyncio.to_thread(_make_segment, self.folder, self._next_number)
        self._next_number += 1
        self._segments.append(segment)
        return segment


async def open_spool(folder: Path, *, limit_bytes: int, segment_bytes: int | None = None) -> Spool:
    """Open a folder's spool, cutting off what a crash tore; `segment_bytes` is chosen from the limit by default.

    Raises
    ------
    SpoolError
        Where another process has the folder open, or the folder cannot be used.
    """
    chosen = segment_bytes or max(65_536, min(4_194_304, limit_bytes // 16))
    return await asyncio.to_thread(_open, folder, limit_bytes, chosen)


def _open(folder: Path, limit_bytes: int, segment_bytes: int) -> Spool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SpoolError(f"the spool {folder} cannot be opened ({error}); name a folder that can be written") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        segments = _recover(folder)
    except OSError as error:
        os.close(lock)
        raise SpoolError(f"the spool {folder} is in use ({error}); stop the other connector") from error
    return Spool(folder, lock, segments, limit_bytes, segment_bytes)


def _recover(folder: Path) -> list[_Segment]:
    segments: list[_Segment] = []
    paths = sorted(folder.glob(f"*{_SUFFIX}"))
    for path in paths:
        last, whole = scan(path.read_bytes())
        torn = path.stat().st_size - whole
        if torn and path is not paths[-1]:
            # Only the newest file can be torn by a crash: elsewhere the disk lost what it had said it kept.
            shutil.copyfile(path, path.with_suffix(".damaged"))
            _logger.error("%s is damaged: %d bytes cannot be read; it is set aside as .damaged", path, torn)
        elif torn:
            _logger.warning("%s: %d bytes of a torn batch cut off", path, torn)
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        if torn:
            os.ftruncate(handle, whole)
            os.fdatasync(handle)
        segments.append(_Segment(int(path.stem), handle, whole, last))
    for empty in [segment for segment in segments[:-1] if segment.size == 0]:
        segments.remove(empty)
        os.close(empty.handle)
        _path(folder, empty.number).unlink()
    return segments


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:012d}{_SUFFIX}"


def _make_segment(folder: Path, number: int) -> _Segment:
    handle = os.open(_path(folder, number), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    sync_folder(folder)
    return _Segment(number, handle, 0)


def _write_durably(handle: int, data: bytes, offset: int) -> None:
    try:
        written = 0
        while written < len(data):
            written += os.pwrite(handle, data[written:], offset + written)
        os.fdatasync(handle)
    except OSError:
        os.ftruncate(handle, offset)
        raise
