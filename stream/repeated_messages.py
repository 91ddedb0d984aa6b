"""Keeps a library that says the same thing many times a second from filling the log.

While a broker is away, its client tells so ten times a second and connection: megabytes a minute in each process.
"""

import logging
import time
from collections.abc import Callable
from typing import Final

EVERY_S: Final = 10.0
_MOST_KNOWN: Final = 256


class RepeatedMessages(logging.Filter):
    """Lets a message pass once every `every_s`, with the number of those held back since as `repeated`.

    Parameters
    ----------
    libraries
        Loggers, with all beneath them, that are held back; others always pass.
    now
        A clock that only moves forward, seconds.
    """

    def __init__(
        self, libraries: tuple[str, ...], every_s: float = EVERY_S, now: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._libraries = tuple(f"{name}." for name in libraries)
        self._every_s = every_s
        self._now = now
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record passes; messages that differ in their arguments alone are the same."""
        if not f"{record.name}.".startswith(self._libraries):
            return True
        # Of a text that was put together before it was handed over, the beginning tells what it is about.
        key, now = (record.name, str(record.msg)[:40]), self._now()
        since, held_back = self._said.get(key, (-self._every_s, 0))
        if now - since < self._every_s:
            self._said[key] = (since, held_back + 1)
            return False
        if held_back:
            record.repeated = held_back
        self._said.pop(key, None)
        self._said[key] = (now, 0)
        while len(self._said) > _MOST_KNOWN:
            del self._said[next(iter(self._said))]
        return True
