"""What may be set to do better, what better means, and what must hold: the plant's side of an optimisation.

It names tags and their units only; a model, prices and a search make a problem of it (`twin.metis.problem`).
"""

from dataclasses import dataclass
from typing import Literal

from twin.atlas.array_expressions import ArrayExpression

Over = Literal["end", "mean"]
"""Where a goal counts: at the end of the horizon, or on average over it."""

When = Literal["end", "always"]
"""Where a constraint must hold: at the end of the horizon, or at all of its times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustable:
    """A setting that may be changed between `low` and `high`, in `unit`; linearly over `over_s` seconds, or at once."""

    tag: str
    unit: str
    low: float
    high: float
    over_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What is made as large as possible, or as small: an expression in `unit`, or None for the plant's profit."""

    name: str
    value: ArrayExpression | None
    unit: str
    maximise: bool
    over: Over = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What must hold: an expression in `unit` that stays between `low` and `high`; None leaves that side open."""

    name: str
    value: ArrayExpression
    unit: str
    low: float | None = None
    high: float | None = None
    when: When = "end"


@dataclass(frozen=True, kw_only=True)
class Optimisation:
    """An optimisation as the plant's engineers describe it; `units` has the unit of every tag that it mentions."""

    goal: Goal
    adjustable: tuple[Adjustable, ...]
    bounds: tuple[Bound, ...] = ()
    horizon_s: float
    units: dict[str, str]
