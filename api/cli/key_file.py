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
SHORTEST_KEY: Final = 32
"""Characters of a key that was made elsewhere; ours have more."""


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
    _check_role(role)
    with _locked(path):
        keys = read(path)
        if any(key.name == name for key in keys):
            raise KeyFileError(f"there is a key called {name!r} already", remedy="revoke it or choose another name")
        key = f"atlas_{secrets.token_urlsafe(32)}"
        _write(path, [*keys, _stored(name, role, key)])
    return key


def admit(path: Path, name: str, role: str, key: str) -> None:
    """Store the hash of a key that was made elsewhere; it takes the place of one of the same name.

    Raises
    ------
    KeyFileError
        Where the role is none of `ROLES`, the key is short, or it is another name's.
    """
    _check_role(role)
    if len(key) < SHORTEST_KEY:
        raise KeyFileError(
            f"the key for {name!r} has {len(key)} characters, {SHORTEST_KEY} are the fewest",
            remedy="make a random one, as 'openssl rand -hex 24' does",
        )
    stored = _stored(name, role, key)
    with _locked(path):
        others = [each for each in read(path) if each.name != name]
        if owner := next((each.name for each in others if each.sha256 == stored.sha256), None):
            raise KeyFileError(f"the key for {name!r} is that of {owner!r}", remedy="make one for each")
        _write(path, [*others, stored])


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise KeyFileError(f"role {role!r} is unknown", remedy=f"use {', '.join(ROLES)}")


def _stored(name: str, role: str, key: str) -> StoredKey:
    return StoredKey(name, role, hashlib.sha256(key.encode()).hexdigest())


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
