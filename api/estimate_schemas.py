"""What the API tells of a plant's estimate; a person's units, each beside its number."""

from pydantic import BaseModel, ConfigDict, Field


class _Model(BaseModel):
    # A newer server may say more than this client knows.
    model_config = ConfigDict(extra="ignore", frozen=True)


class EstimateVerdict(_Model):
    """Whether the model explains the plant."""

    ok: bool = Field(description="true while it explains the plant or is still learning")
    learning: bool = Field(description="true until enough comparisons have been made")
    text: str = Field(examples=["The model explains the plant over the last 120 comparisons."])
    since: int = Field(description="when this began, microseconds UTC", examples=[1_795_478_400_000_000])
    unexplained: list[str] = Field(default_factory=list, description="tags that it does not explain, the worst first")


class EstimatedValue(_Model):
    """A quantity as it is estimated."""

    name: str = Field(description="its name in the model, which may be a tag's", examples=["activity"])
    tag: str = Field(description="tag that shows it, empty where none does", examples=["QY-101.PV"])
    description: str = Field(examples=["Factor on all three reaction rates"])
    unit: str = Field(examples=["dimensionless"])
    decimals: int = Field(examples=[3])
    value: float = Field(description="mean of the ensemble", examples=[0.981])
    low: float = Field(description="lower end of the range that holds 90 % of the ensemble", examples=[0.974])
    high: float = Field(description="upper end of that range", examples=[0.988])
    usual: float = Field(description="value by design", examples=[1.0])
    measured: float | None = Field(description="the tag's own newest usable value; null where none is", examples=[None])


class PlantEstimate(_Model):
    """What of a plant is estimated with its process model.

    Where nothing is, `reason` says why and the rest is empty.
    """

    plant: str
    model: str = Field(description="what the model is called; empty where there is no estimate")
    reason: str | None = Field(description="why nothing is estimated; null where something is")
    log_time: int | None = Field(description="the time that the estimate speaks of, microseconds UTC")
    time: str | None = Field(description="the same as ISO 8601 in the plant's time")
    begun: int | None = Field(description="when the estimate began, microseconds UTC")
    verdict: EstimateVerdict | None
    unknowns: list[EstimatedValue] = Field(description="parameters and states that nobody measures")
    soft_sensors: list[EstimatedValue] = Field(description="what instruments show or would show at this moment")
