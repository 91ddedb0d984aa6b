"""Who asks and what they may do: API keys from a file that holds their hashes only, and roles.

Viewers, operators, engineers and administrators each may do what those before them may; `ingest` is a machine's role
that only brings readings in. What is not granted is refused.
"""

import hashlib
import hmac
import logging
import stat
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from api.config import ApiConfigError

_log = logging.getLogger(__name__)
_LOOK_EVERY_US: Final = 1_000_000
_PLACEHOLDER_KEYS: Final = ("changeme", "secret", "password", "key", "test", "demo", "admin", "atlas", "")


class Role(StrEnum):
    """What a key is for."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ENGINEER = "engineer"
    ADMIN = "admin"
    INGEST = "ingest"


VIEWERS: Final = frozenset({Role.VIEWER, Role.OPERATOR, Role.ENGINEER, Role.ADMIN})
OPERATORS: Final = VIEWERS - {Role.VIEWER}
ENGINEERS: Final = OPERATORS - {Role.OPERATOR}
ADMINS: Final = frozenset({Role.ADMIN})
EVERYONE: Final = VIEWERS | {Role.INGEST}


@dataclass(frozen=True, slots=True)
class Person:
    """The owner of the key or ticket that came with a request."""

    name: str
    role: Role


class _StoredKey(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    name: str
    role: Role
    sha256: str


class _StoredKeys(msgspec.Struct, frozen=True):
    keys: list[_StoredKey]


class Keys:
    """The keys file; a change of it is seen within a second, and a file that became unreadable opens nothing new.

    Parameters
    ----------
    path
        JSON `{"keys": [{"name", "role", "sha256"}]}`, readable by its owner only.
    now_us
        The clock, microseconds.
    demo
        Whether well-known keys are let pass.

    Raises
    ------
    ApiConfigError
        Where the file is missing, open to others, unreadable, or holds a placeholder.
    """

    def __init__(self, path: Path, now_us: Callable[[], int], *, demo: bool = False) -> None:
        self._path = path
        self._now_us = now_us
        self._demo = demo
        self._looked_us = now_us()
        self._stamp = self._stamp_of()
        self._keys = self._read()

    def find(self, presented: str) -> Person | None:
        """The owner of a key. All keys are compared, each in constant time, so that timing tells nothing."""
        self._look()
        digest = hashlib.sha256(presented.encode("utf-8", "surrogateescape")).hexdigest()
        found: _StoredKey | None = None
        for key in self._keys:
            if hmac.compare_digest(key.sha256.lower().encode(), digest.encode()):
                found = key
        return None if found is None else Person(found.name, found.role)

    def holds(self, name: str) -> bool:
        """Whether the file still has a key of this name."""
        self._look()
        return any(key.name == name for key in self._keys)

    def _look(self) -> None:
        if self._now_us() - self._looked_us < _LOOK_EVERY_US:
            return
        self._looked_us = self._now_us()
        try:
            stamp = self._stamp_of()
            if stamp != self._stamp:
                self._keys = self._read()
                self._stamp = stamp
        except ApiConfigError:
            _log.exception("keys file unreadable; the keys read before stay in force")

    def _stamp_of(self) -> tuple[int, int]:
        try:
            found = self._path.stat()
        except OSError as error:
            raise ApiConfigError(
                f"the keys file {self._path} cannot be read: {error.strerror}", remedy="'atlas keys create' makes one"
            ) from error
        return found.st_mtime_ns, found.st_size

    def _read(self) -> tuple[_StoredKey, ...]:
        if stat.S_IMODE(self._path.stat().st_mode) & 0o077:
            raise ApiConfigError(f"the keys file {self._path} can be read by others", remedy=f"chmod 600 {self._path}")
        try:
            stored = msgspec.json.decode(self._path.read_bytes(), type=_StoredKeys)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise ApiConfigError(
                f"the keys file {self._path} is no keys file: {error}", remedy="restore it or make the keys anew"
            ) from error
        for key in stored.keys:
            self._check(key)
        return tuple(stored.keys)

    def _check(self, key: _StoredKey) -> None:
        if len(key.sha256) != 64:
            raise ApiConfigError(
                f"key {key.name!r} in {self._path}: sha256 has {len(key.sha256)} characters, not 64",
                remedy="store the key's SHA-256 as hexadecimal digits",
            )
        if not self._demo and key.sha256.lower() in _PLACEHOLDER_HASHES:
            raise ApiConfigError(
                f"key {key.name!r} in {self._path} is a placeholder", remedy="replace it by a random one"
            )


_PLACEHOLDER_HASHES: Final = frozenset(hashlib.sha256(word.encode()).hexdigest() for word in _PLACEHOLDER_KEYS)
