"""Log records as JSON lines, so that the processes' files can be read together and searched by plant and position."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from stream.repeated_messages import RepeatedMessages

_FIELDS: Final = ("plant", "position", "repeated")
_LIBRARIES: Final = {
    # These speak at INFO of every connection, commit and subscription.
    "aiokafka": logging.WARNING,
    "asyncua": logging.WARNING,
    "faust": logging.WARNING,
    "mode": logging.WARNING,
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "uvicorn.access": logging.WARNING,
}


class JsonLines(logging.Formatter):
    """One JSON object a line: time (ISO, UTC), level, process, logger, message; where given plant, position, error.

    `repeated` counts the messages of the kind that were held back before it.
    """

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Render one record; never raises for what a message was given as arguments."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = f"{record.msg} {record.args}"
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "message": message,
        }
        line |= {name: value for name in _FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(process: str, level: str = "info", stream: TextIO | None = None) -> None:
    """Send all logging of this process to `stream` (stdout where None) as JSON lines from `level` upwards.

    Raises
    ------
    ValueError
        Where `level` is none of debug, info, warning, error, critical.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"log level {level!r} is unknown; use debug, info, warning, error or critical")
    handler = logging.StreamHandler(stream if stream is not None else sys.stdout)
    handler.setFormatter(JsonLines(process))
    handler.addFilter(RepeatedMessages(tuple(_LIBRARIES)))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(number)
    for name, quietest in _LIBRARIES.items():
        logging.getLogger(name).setLevel(max(number, quietest))
    logging.captureWarnings(True)
