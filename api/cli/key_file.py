"""The file of API keys: name, role and SHA-256 of each; the keys themselves are shown once and kept nowhere."""

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from twin.atlas.errors import AtlasError

ROLES: Final = ("viewer", "operator", "engineer", "admin", "ingest")


class KeyFileError(AtlasError):
    """The key file cannot be used, or has no such key."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """One key as the file holds it."""

    name: str
    role: str
    sha256: str


def read(path: Path) -> list[StoredKey]:
    """All keys; none where there is no file.

    Raises
    ------
    KeyFileError
        Where the file is no key file.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return [StoredKey(key["name"], key["role"], key["sha256"]) for key in content["keys"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KeyFileError(
            f"{path} is no key file: {error!r}", remedy="mend it, or delete it and make new keys"
        ) from None


def create(path: Path, name: str, role: str) -> str:
    """Make a key, store its hash, and return it: the only time that it is seen.

    Raises
    ------
    KeyFileError
        Where the name is taken or the role is none of `ROLES`.
    """
    if role not in ROLES:
        raise KeyFileError(f"role {role!r} is unknown", remedy=f"use {', '.join(ROLES)}")
    with _locked(path):
        keys = read(path)
        if any(key.name == name for key in keys):
            raise KeyFileError(f"there is a key called {name!r} already", remedy="revoke it or choose another name")
        key = f"atlas_{secrets.token_urlsafe(32)}"
        _write(path, [*keys, StoredKey(name, role, hashlib.sha256(key.encode()).hexdigest())])
    return key


def revoke(path: Path, name: str) -> None:
    """Take a key away.

    Raises
    ------
    KeyFileError
        Where there is none of that name.
    """
    with _locked(path):
        keys = read(path)
        rest = [key for key in keys if key.name != name]
        if len(rest) == len(keys):
            raise KeyFileError(f"{path} has no key called {name!r}", remedy="'atlas keys list' shows them")
        _write(path, rest)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("a") as lock:
        fcntl.flock(lock.fileno(), fcntl.LOCK_EX)
        yield


def _write(path: Path, keys: list[StoredKey]) -> None:
    """Replace the file at once, readable by its owner only (mkstemp's mode)."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"keys": [asdict(key) for key in keys]}, file, indent=1)
    os.replace(temporary, path)
