"""What the API answers and takes, as pydantic models; units and times stand in the field's description.

Times ending in `_us` are whole microseconds since 1970 UTC; `time` is the same as ISO 8601 with the plant's offset.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

LimitWord = Literal["none", "low", "low_low", "high", "high_high"]
Aggregate = Literal["raw", "mean", "min", "max", "first", "last", "count"]
PlantCondition = Literal["live", "stale", "waiting"]

LIMIT_WORDS: Final[dict[int, LimitWord]] = {-2: "low_low", -1: "low", 0: "none", 1: "high", 2: "high_high"}
"""Words of `analytics.conditions.LimitState`."""


class _Model(BaseModel):
    # A newer server may say more than this client knows.
    model_config = ConfigDict(extra="ignore", frozen=True)


class NextDisturbance(_Model):
    """The disturbance that a simulated plant will see next."""

    what: str = Field(examples=["Feed B temperature rises"])
    in_s: float = Field(description="seconds until it starts", examples=[420.0])


class PlantOverview(_Model):
    """One plant as a card shows it."""

    id: str = Field(examples=["williams-otto"])
    name: str = Field(examples=["Williams-Otto reactor"])
    number: int = Field(examples=[1])
    revision: int = Field(examples=[3])
    state: PlantCondition
    log_time: int | None = Field(description="the twin's clock, microseconds UTC", examples=[1_795_478_400_000_000])
    age_s: float | None = Field(description="seconds since the twin's clock", examples=[0.4])
    tags: int = Field(examples=[42])
    active_limits: int = Field(examples=[1])
    stale: int = Field(examples=[0])
    bad: int = Field(examples=[0])
    next_disturbance: NextDisturbance | None = None


class PlantList(_Model):
    """All plants."""

    plants: list[PlantOverview]


class TagLimits(_Model):
    """Limits of a tag in its unit; absent ones are null."""

    low_low: float | None = None
    low: float | None = None
    high: float | None = None
    high_high: float | None = None
    deadband: float = 0.0


class TagDescription(_Model):
    """A measured point: what it is and how its number is shown."""

    name: str = Field(examples=["TIC-101.PV"])
    description: str = Field(examples=["Reactor temperature"])
    unit: str = Field(examples=["degC"])
    low: float = Field(description="lower end of the instrument's range", examples=[0.0])
    high: float = Field(description="upper end of the instrument's range", examples=[150.0])
    decimals: int = Field(examples=[2])
    limits: TagLimits = TagLimits()
    equipment: str = Field(default="", examples=["R-101"])
    kind: str = Field(default="measured", examples=["measured"])
    states: list[str] = Field(default_factory=list, description="words of an enumeration, in order from 0")


class PlantDetail(_Model):
    """A plant's equipment, process streams and tags."""

    id: str
    name: str
    time_zone: str = Field(examples=["Europe/Berlin"])
    revision: int
    tag_table: str = Field(examples=["0f343b0931126a20"])
    equipment: list[dict[str, Any]] = Field(examples=[[{"id": "R-101", "name": "Reactor", "kind": "stirred-reactor"}]])
    streams: list[dict[str, Any]] = Field(
        examples=[[{"name": "S-101", "carries": "material", "from": "FEED-A", "to": "R-101"}]]
    )
    tags: list[TagDescription]


class TagState(_Model):
    """One tag's value with all that makes it readable."""

    name: str = Field(examples=["TIC-101.PV"])
    value: float | None = Field(description="null where there is no number", examples=[84.91])
    unit: str = Field(examples=["degC"])
    quality: int = Field(description="OPC UA status code", examples=[0])
    status: str = Field(description="the status code in words", examples=["Good"])
    time: str = Field(examples=["2026-11-24T01:00:00.000000+01:00"])
    time_us: int = Field(examples=[1_795_478_400_000_000])
    age_s: float = Field(examples=[0.6])
    stale: bool
    limit: LimitWord


class PlantState(_Model):
    """A plant's values at one instant; `id` is where a live stream goes on from."""

    plant: str
    id: str | None = Field(description="position for Last-Event-ID; null for a past state", examples=["a1b2c3d4:1041"])
    log_time: int | None
    time: str | None
    tags: list[TagState]


class HistorySeries(_Model):
    """One tag's points, oldest first; the three lists are of equal length."""

    tag: str
    unit: str
    aggregate: Aggregate
    resolution: str = Field(description="where the points come from: raw, 1m or 1h", examples=["raw"])
    times_us: list[int]
    values: list[float | None]
    quality: list[int]


class History(_Model):
    """What was asked for over a range of time."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)

    start: str = Field(alias="from", examples=["2026-11-24T00:00:00+01:00"])
    end: str = Field(alias="to", examples=["2026-11-24T01:00:00+01:00"])
    series: list[HistorySeries]


class NewReading(_Model):
    """A reading to be recorded; `value` is in the tag's unit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tag: Annotated[str, Field(min_length=1, max_length=200, examples=["AI-101A.PV"])]
    time: Annotated[str | int, Field(description="ISO 8601 with offset, or microseconds UTC")] = Field(
        examples=["2026-11-24T00:00:00Z"]
    )
    value: float | bool = Field(examples=[0.113])
    quality: int = Field(default=0, ge=0, le=0xFFFF_FFFF, description="OPC UA status code; 0 is Good")
    unit: str | None = Field(default=None, description="checked against the tag's, where given", examples=["kg/kg"])


class NewReadings(_Model):
    """A batch of readings."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"readings": [{"tag": "TIC-101.PV", "time": "2026-11-24T00:00:00Z", "value": 84.9, "unit": "degC"}]}
            ]
        },
    )

    readings: Annotated[list[NewReading], Field(min_length=1)]


class Accepted(_Model):
    """The broker has the readings; they are safe and on their way into twin and table."""

    accepted: int = Field(examples=[1])


class Ticket(_Model):
    """A short-lived proof for opening live streams."""

    ticket: str
    expires_in_s: int = Field(examples=[60])


class TicketRequest(_Model):
    """Which plant's live stream the ticket opens; null for all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    plant: str | None = Field(default=None, examples=["williams-otto"])


class Caller(_Model):
    """Who a key belongs to."""

    name: str = Field(examples=["control room"])
    role: str = Field(examples=["viewer"])


class Link(_Model):
    """One link of the chain from plant to screen."""

    name: Literal["plant", "connector", "Kafka", "worker", "database", "screen"]
    ok: bool
    text: str = Field(description="how it is, or what it waits for", examples=["waits for the first value"])
    waits_for: str | None = Field(default=None, description="null while the link is well")


class PlantChain(_Model):
    """The links of one plant."""

    plant: str
    links: list[Link]


class Chain(_Model):
    """The chain from plant to screen: each link at its worst, and plant by plant."""

    links: list[Link]
    plants: list[PlantChain]


class TraceStep(_Model):
    """A place that a reading passed."""

    where: Literal["sensor", "connector", "Kafka", "twin", "row"]
    time: str | None
    time_us: int | None
    after_ms: float | None = Field(description="since the step before it that has a time", examples=[12.0])
    reached: bool = Field(default=True, description="whether it has come there; the table tells no time")
    text: str = Field(examples=["in the twin"])


class Trace(_Model):
    """The way of a tag's newest reading."""

    plant: str
    tag: str
    description: str
    unit: str
    value: float | None
    quality: int
    status: str
    steps: list[TraceStep]


class PlantSummary(_Model):
    """What a sound plant file describes, in numbers."""

    plant: str = Field(examples=["williams-otto"])
    name: str = Field(examples=["Williams-Otto reactor"])
    sources: int = Field(examples=[1])
    equipment: int = Field(examples=[12])
    streams: int = Field(examples=[11])
    tags: int = Field(examples=[42])


class Stored(_Model):
    """What is in force now; the `ETag` header names it."""

    id: str = Field(examples=["williams-otto"])
    revision: int = Field(description="of prices: the version", examples=[3])
    changed: bool = Field(description="false where what came says nothing new", examples=[True])


class RevisionNote(_Model):
    """When a revision was stored, and by whom."""

    revision: int = Field(examples=[3])
    time: str = Field(examples=["2026-11-24T00:00:00.000000+00:00"])
    by: str = Field(description="name of the key, or account of the command", examples=["anna"])


class RevisionList(_Model):
    """All revisions of a plant, or versions of its prices, oldest first."""

    id: str = Field(examples=["williams-otto"])
    revisions: list[RevisionNote]


class PlantChange(_Model):
    """An item that came or went, or a field that changed."""

    kind: Literal["added", "removed", "changed"]
    section: str = Field(examples=["tags"])
    item: str = Field(examples=["TIC-101.PV"])
    field: str = Field(description="empty where the whole item came or went", examples=["limits.high"])
    before: str | float | bool | None = Field(examples=[90.0])
    after: str | float | bool | None = Field(examples=[92.5])
    text: str = Field(examples=["~ tags TIC-101.PV limits.high: 90.0 -> 92.5"])


class PlantDifference(_Model):
    """What changed between two revisions of a plant."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)

    plant: str = Field(examples=["williams-otto"])
    before: int = Field(alias="from", examples=[1])
    after: int = Field(alias="to", examples=[2])
    changes: list[PlantChange]


class ItemPrice(_Model):
    """What an item costs from one time until another; an end that is null is open."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)

    item: str = Field(examples=["steam"])
    price: str = Field(description="money for an amount", examples=["18.0 EUR/t"])
    since: str | None = Field(default=None, alias="from", examples=["2026-01-01T00:00:00+00:00"])
    until: str | None = Field(default=None, examples=["2027-01-01T00:00:00+00:00"])


class PriceList(_Model):
    """A version of a plant's price book."""

    plant: str = Field(examples=["williams-otto"])
    version: int = Field(examples=[1])
    entries: list[ItemPrice]


class NewPrices(_Model):
    """Prices to be put in force in place of all that a plant has."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"entries": [{"item": "steam", "price": "18 EUR/t", "from": "2026-01-01", "until": None}]}]
        },
    )

    entries: list[dict[str, Any]] = Field(description="in the form of a plant file's section `prices`")


class PortfolioOverview(_Model):
    """One portfolio as a list shows it."""

    id: str = Field(examples=["demo"])
    name: str = Field(examples=["Demo portfolio"])
    revision: int = Field(examples=[1])


class PortfolioList(_Model):
    """All portfolios."""

    portfolios: list[PortfolioOverview]


class Fault(_Model):
    """One of several faults of a request."""

    path: str = Field(examples=["readings[3].unit"])
    detail: str
    remedy: str
    index: int | None = Field(default=None, description="number of the reading from 0")
    line: int | None = Field(default=None, description="line of the text from 1, where the request is one")


class ProblemDetail(_Model):
    """An error as RFC 9457 describes it, with what to do about it."""

    type: str = Field(examples=["/docs/problems#unknown-plant"])
    title: str = Field(examples=["Unknown plant"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no plant 'willams-otto'."])
    instance: str = Field(examples=["/v1/plants/willams-otto/state"])
    remedy: str = Field(examples=["GET /v1/plants lists the plants."])
    faults: list[Fault] | None = None


class Readiness(_Model):
    """What the API needs to answer, and whether it has it."""

    ready: bool
    conditions: dict[str, bool] = Field(examples=[{"database": True, "Kafka": True, "live state": True}])
