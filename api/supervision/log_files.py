"""Logs by name, bounded: a file that has grown too long is copied aside and emptied."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path


def rotate(logs: Iterable[Path], longest_bytes: int = 20_000_000, keep: int = 3) -> None:
    """Set aside each log longer than `longest_bytes` as `.1`, the older ones up to `.keep`.

    Children append to an open file, so the file is copied and emptied in place; a line written between the two is
    lost, which a log can bear and a restart of the child for its sake could not.
    """
    for log in logs:
        if not log.exists() or log.stat().st_size <= longest_bytes:
            continue
        for number in range(keep, 1, -1):
            older = numbered(log, number - 1)
            if older.exists():
                os.replace(older, numbered(log, number))
        shutil.copyfile(log, numbered(log, 1))
        numbered(log, 1).chmod(0o600)
        os.truncate(log, 0)


def numbered(log: Path, number: int) -> Path:
    """The name of the log's `number`-th older part."""
    return log.with_name(f"{log.name}.{number}")


def tail(log: Path, lines: int = 5, longest_bytes: int = 8_000) -> list[str]:
    """The last lines of a log; none where there is no log."""
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - longest_bytes))
        return file.read().decode("utf-8", "replace").splitlines()[-lines:]
