"""What a connector must know of a plant: its number, its tag table, and where its sources are.

The API answers it, and a copy lies beside the spool, so that a connector starts without database or API (rule
tag-tables).
"""

import contextlib
import logging
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from twin.atlas.tags import Tag, TagTableContent

_FILE = "connection.json"
_logger = logging.getLogger(__name__)


class SourceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One source of a plant; `options` belong to its kind and are checked there."""

    name: str
    kind: str
    endpoint: str = ""
    options: dict[str, Any] = {}


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """All that a connector must know of one plant; what `GET /v1/plants/{id}/connection` answers."""

    plant: str
    number: int
    tag_table: TagTableContent
    sources: tuple[SourceSettings, ...] = ()

    def tags_of(self, source: str) -> tuple[Tag, ...]:
        """The tags that the source of this name reports, in the table's order."""
        return tuple(tag for tag in self.tag_table.tags if tag.source == source and tag.address)


def folder_of(spool_dir: Path, plant: str, source: str = "") -> Path:
    """The folder of a plant, or of one of its sources; names that a file system would misread are quoted."""
    folder = spool_dir / _quoted(plant)
    return folder / _quoted(source) if source else folder


def save_connection(spool_dir: Path, connection: Connection) -> None:
    """Keep the copy beside the spool; the old copy stays until the new one is complete."""
    folder = folder_of(spool_dir, connection.plant)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / _FILE, msgspec.json.encode(connection))


def load_connections(spool_dir: Path) -> list[Connection]:
    """The copies kept beside the spool, by plant; one that cannot be read is logged and left out."""
    found: list[Connection] = []
    for path in sorted(spool_dir.glob(f"*/{_FILE}")):
        try:
            found.append(msgspec.json.decode(path.read_bytes(), type=Connection))
        except (OSError, msgspec.MsgspecError) as error:
            _logger.warning("%s cannot be read (%s); it is fetched again once the API answers", path, error)
    return found


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file's content, durably, or leave it as it was."""
    draft = path.with_name(path.name + ".draft")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    with contextlib.suppress(OSError):  # Some file systems have no directory to sync; the file itself is safe.
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names made or removed in the folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _quoted(name: str) -> str:
    return quote(name, safe="").replace(".", "%2E")
