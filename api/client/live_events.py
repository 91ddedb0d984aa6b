"""Live events from a plant: the lines of a server-sent event stream read into typed events.

Source: WHATWG HTML, section 9.2.6 (interpreting an event stream).
"""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import orjson

from api.client.errors import UnreadableAnswerError


class LiveTag(NamedTuple):
    """One tag in a live event; `limit` from -2 (low low) to 2 (high high), `stale` 0 or 1."""

    value: float | None
    time_us: int
    quality: int
    limit: int
    stale: int


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """All tags (`reset`) or those that changed (`change`); `log_time` is the twin's clock, microseconds UTC."""

    kind: Literal["reset", "change"]
    id: str
    log_time: int
    tags: dict[str, LiveTag]


class EventParser:
    """Gathers lines into events; `last_id` is where a broken stream goes on from: the last *whole* event's id."""

    def __init__(self) -> None:
        self.last_id = ""
        self._id = ""
        self._kind = ""
        self._data: list[str] = []

    def feed(self, line: str) -> LiveEvent | None:
        """Take one line without its end; the event that it completes, if any.

        Raises
        ------
        UnreadableAnswerError
            Where an event's data is not what the API says.
        """
        if line == "":
            return self._complete()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._kind = value
        elif name == "id" and "\0" not in value:
            self._id = value
        return None

    def forget_partial(self) -> None:
        """Drop what a broken stream left unfinished."""
        self._id, self._kind, self._data = self.last_id, "", []

    def _complete(self) -> LiveEvent | None:
        self.last_id = self._id or self.last_id
        kind, data = self._kind, "\n".join(self._data)
        self.forget_partial()
        if kind not in ("reset", "change") or not data:
            return None
        try:
            content: dict[str, Any] = orjson.loads(data)
            tags = {name: LiveTag(*entry) for name, entry in content["tags"].items()}
            return LiveEvent("reset" if kind == "reset" else "change", self.last_id, content["log_time"], tags)
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise UnreadableAnswerError(f"a live event cannot be read: {error}; are both of one release?") from error
