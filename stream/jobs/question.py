"""A question as its job carries it: what to change, how far to look ahead, from where, and who asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from twin.atlas.errors import AtlasError

KIND: Final = "what-if"
"""The kind of job that answers a question."""
ADVICE_KIND: Final = "optimisation"
"""The kind of job that answers a question for better settings: its report has them, and what they are compared with."""
DEFAULT_HORIZON: Final = "8 h"
DEFAULT_EVERY: Final = "10 s"
LONGEST_POSITION: Final = 100


class PositionError(AtlasError):
    """A position that names no place in the log."""


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a plant's log, as `/state` and the live stream tell it: after the record at `offset`."""

    incarnation: str
    offset: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the id of a state, like `0f343b0931126a20:1041`; raises `PositionError`."""
        incarnation, colon, offset = text.strip().replace("-", ":").rpartition(":")
        if len(text) > LONGEST_POSITION or not colon or not incarnation.isalnum() or not offset.isdecimal():
            remedy = "give the id that the plant's state was answered with, or leave it out for the newest"
            raise PositionError(f"'{text[:LONGEST_POSITION]}' is no id of a state", remedy=remedy)
        return cls(incarnation, int(offset))

    def __str__(self) -> str:
        return f"{self.incarnation}:{self.offset}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked.

    Parameters
    ----------
    changes
        As `Scenario.parse` reads them; none asks what happens if nobody does anything.
    horizon, every
        How far to look ahead, and how often the trajectory tells its outputs.
    position
        The state of the plant that it begins from.
    by, at_us
        Who asked, and when (microseconds UTC).
    reason
        Why a policy asked, for people; empty where a person did.
    title
        The question in a line, for lists.
    """

    changes: tuple[str, ...] = ()
    horizon: str = DEFAULT_HORIZON
    every: str = DEFAULT_EVERY
    position: Position
    by: str = ""
    at_us: int = 0
    reason: str = ""
    title: str = ""

    def as_content(self) -> dict[str, Any]:
        """The question as a job's content, JSON."""
        return {
            "changes": list(self.changes),
            "horizon": self.horizon,
            "every": self.every,
            "position": str(self.position),
            "by": self.by,
            "at_us": self.at_us,
            "reason": self.reason,
            "title": self.title,
        }

    @classmethod
    def of_content(cls, content: Mapping[str, Any]) -> Self:
        """Read a job's content, of a person's question or of a policy's request.

        Raises
        ------
        PositionError
            Where it names no position.
        """
        reason = content.get("reason", "")
        return cls(
            changes=tuple(content.get("changes", ())),
            horizon=content.get("horizon", DEFAULT_HORIZON),
            every=content.get("every", DEFAULT_EVERY),
            position=Position.parse(str(content.get("position", ""))),
            by=content.get("by", ""),
            at_us=int(content.get("at_us", 0)),
            reason=reason if isinstance(reason, str) else str(reason.get("text", reason.get("trigger", ""))),
            title=content.get("title", ""),
        )
