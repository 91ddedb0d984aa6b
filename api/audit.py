"""Who changed what: a line in the log for each event of a command, beside the rows that keep it for good."""

import logging
from collections.abc import Iterable
from typing import cast

from fastapi import Request

from api.auth import Person
from stream.handlers.event import Event

_log = logging.getLogger(__name__)
_LARGE = {"entries"}


def name_of_caller(request: Request) -> str:
    """The name of the key that came with a request."""
    return cast(Person, request.state.person).name


def log_events(events: Iterable[Event]) -> None:
    """Log what was done, by whom."""
    for event in events:
        content = event.model_dump(mode="json", exclude=_LARGE | {"event_id", "at", "by"})
        told = ", ".join(f"{key} {value}" for key, value in content.items())
        _log.info("%s by %s: %s (event %s)", type(event).__name__, event.by, told, event.event_id)
