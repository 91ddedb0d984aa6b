"""The report on a question: one form for machines, for the HTML of it and for the screen (version 1).

Everything stands in the units that stand beside it, in the plant's own where the plant has a tag of that name. Times
ending in `_s` are seconds after the question's beginning, `begin_us`, which is microseconds UTC. A number that is not
known, as after a shutdown, is null. `Low` and `high` of a `Range` or `Curve` hold the truth with probability `level`,
and are null where there is no band to be had.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

VERSION: Literal[1] = 1
MOST_POINTS = 480
"""Points of a curve; a longer trajectory is thinned to about as many."""

Case = Literal["base", "change"]
Verdict = Literal["good", "fair", "poor", "unknown"]
LimitName = Literal["low_low", "low", "high", "high_high"]


class _Part(BaseModel):
    # A newer writer may say more than this reader knows.
    model_config = ConfigDict(frozen=True, extra="ignore")


class PlantLine(_Part):
    """Which plant was asked about, at which revision of its definition."""

    id: str
    name: str
    time_zone: str
    revision: int


class AskedChange(_Part):
    """One change as it was read: from the value that held at the beginning to `value`, in `unit`.

    `text` says all of it in words; `states` names the integers of an enumeration, in order from 0.
    """

    name: str
    description: str
    unit: str
    decimals: int
    before: float | None
    value: float
    start_s: float
    over_s: float
    text: str
    states: tuple[str, ...] = ()


class Question(_Part):
    """What was asked, by whom and when (microseconds UTC), and of which state of the plant (`position`)."""

    id: str
    title: str
    written: tuple[str, ...]
    horizon: str
    changes: tuple[AskedChange, ...]
    horizon_s: float
    asked_by: str
    asked_at_us: int
    position: str


class ModelLine(_Part):
    """A model that answered; `version` is the one of its declaration."""

    name: str
    title: str
    version: int
    members: int = 1


class Models(_Part):
    """The physical model, and the learnt one where there is one; `why_no_surrogate` says why there is none."""

    physics: ModelLine
    surrogate: ModelLine | None = None
    why_no_surrogate: str = ""


class Curve(_Part):
    """An output over `Report.times_s`: the middle, and the band's ends."""

    mid: tuple[float | None, ...]
    low: tuple[float | None, ...] | None = None
    high: tuple[float | None, ...] | None = None


class TagLimits(_Part):
    """Limits of a tag in its unit; absent ones are null."""

    low_low: float | None = None
    low: float | None = None
    high: float | None = None
    high_high: float | None = None


class Output(_Part):
    """One output of the model over time, with and without the change.

    `low` and `high` are the instrument's range. `key` marks what a reader wants to see first: what was changed, what
    the change moves most, and what enters the economics.
    """

    name: str
    description: str
    unit: str
    decimals: int
    low: float
    high: float
    limits: TagLimits = TagLimits()
    key: bool = False
    base: Curve
    change: Curve
    surrogate: Curve | None = Field(default=None, description="the learnt model's answer to the change")


class Range(_Part):
    """A number with its band."""

    mid: float | None
    low: float | None = None
    high: float | None = None


class Crossing(_Part):
    """A limit of a tag, or of an alarm, that a case crosses at `time_s`; `probability` is the share of members."""

    tag: str
    description: str
    unit: str
    decimals: int
    limit: LimitName
    limit_value: float
    case: Case
    time_s: float
    probability: float


class Shutdown(_Part):
    """The plant shuts itself down in a case, in a share of the members, first at `time_s`."""

    case: Case
    time_s: float
    reason: str
    probability: float


class EconomicLine(_Part):
    """One item of the economics: money an hour at the end of the horizon, and over all of it; costs are negative."""

    item: str
    base_per_h: float | None
    change_per_h: float | None
    base_total: float | None
    change_total: float | None


class Economics(_Part):
    """What the change is worth: `gain` is change less base, at the end of the horizon and over all of it.

    `base` and `change` are money an hour over `Report.times_s`.
    """

    currency: str
    lines: tuple[EconomicLine, ...]
    base: Curve
    change: Curve
    base_per_h: Range
    change_per_h: Range
    gain_per_h: Range
    base_total: Range
    change_total: Range
    gain_total: Range


class Agreement(_Part):
    """How far the two models' answers lie apart for one output: on average, in percent of the instrument's range."""

    name: str
    description: str
    difference_percent: float


class TrustLine(_Part):
    """A verdict with its reason, for people."""

    verdict: Verdict
    text: str


class Trust(_Part):
    """How far the answer can be trusted: the estimate it began from, each model, and how they agree."""

    estimate: TrustLine
    physics: TrustLine
    surrogate: TrustLine | None = None
    bands: TrustLine
    agreement: tuple[Agreement, ...] = ()


class Setting(_Part):
    """A recommended setting beside what it is now and what the question made of it."""

    name: str
    description: str
    unit: str
    decimals: int
    now: float | None
    asked: float | None
    value: float


class Recommendation(_Part):
    """Better settings, as advice: what they would give against the question's change, in `gain_unit`, and how found."""

    settings: tuple[Setting, ...]
    objective: str
    gain: Range
    gain_unit: str
    method: str
    model_runs: int
    text: str = ""


class Followed(_Part):
    """What an output did after the beginning of an episode of the past."""

    name: str
    description: str
    unit: str
    decimals: int
    before: float
    after: float


class Episode(_Part):
    """A time in this plant's history that resembles the question; `distance` 0 is the same, in spreads of the plant."""

    begin_us: int
    end_us: int
    distance: float
    text: str
    followed: tuple[Followed, ...]


class Note(_Part):
    """Something that the reader must know."""

    kind: Literal["info", "warning"]
    text: str


class Report(_Part):
    """The whole answer to a question, or what of it is known so far where `draft` is true.

    Outputs stand in the order of interest, those marked `key` first. `end_state` has the value of every output by its
    name at the end of the horizon, in the outputs' units, by case: the process graphic is drawn with it.
    """

    version: Literal[1] = VERSION
    draft: bool = False
    plant: PlantLine
    question: Question
    models: Models
    level: float = Field(description="probability that a band holds the truth", examples=[0.9])
    begin_us: int
    times_s: tuple[float, ...]
    outputs: tuple[Output, ...] = ()
    crossings: tuple[Crossing, ...] = ()
    shutdowns: tuple[Shutdown, ...] = ()
    trust: Trust | None = None
    economics: Economics | None = None
    recommendation: Recommendation | None = None
    similar: tuple[Episode, ...] = ()
    end_state: dict[Case, dict[str, float | None]] = Field(default_factory=dict)
    notes: tuple[Note, ...] = ()

    def as_content(self) -> dict[str, Any]:
        """The report as JSON content."""
        return self.model_dump(mode="json")
