"""What the API takes and answers about what-if questions; the report itself is `stream.jobs.report.Report`.

Times ending in `_us` are whole microseconds since 1970 UTC, those ending in `_s` seconds.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

State = Literal["waiting", "running", "done", "failed", "cancelled"]


class _Model(BaseModel):
    # A newer server may say more than this client knows.
    model_config = ConfigDict(extra="ignore", frozen=True)


class SimulationInput(_Model):
    """Something that a question may change, with its range and what it is now."""

    name: str = Field(examples=["TIC-101.SP"])
    description: str = Field(examples=["Reactor temperature, setpoint"])
    unit: str = Field(examples=["degC"])
    low: float = Field(examples=[40.0])
    high: float = Field(examples=[120.0])
    decimals: int = Field(examples=[2])
    states: list[str] = Field(default_factory=list, description="words of an enumeration, in order from 0")
    now: float | None = Field(description="in the unit; null where nobody knows", examples=[80.0])


class SimulationInputs(_Model):
    """What a plant's process model can be asked."""

    plant: str = Field(examples=["williams-otto"])
    title: str = Field(description="of the process model", examples=["Williams-Otto reactor"])
    longest_s: float = Field(description="the longest horizon", examples=[259200.0])
    inputs: list[SimulationInput]


class NewSimulation(_Model):
    """A question about what these changes would do."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"changes": ["TIC-101.SP=85 degC over 30 min"], "horizon": "8 h"}]},
    )

    changes: list[Annotated[str, Field(max_length=300)]] = Field(
        default_factory=list, max_length=101, description="NAME=VALUE UNIT [over DURATION] [at DURATION]"
    )
    horizon: str = Field("8 h", max_length=50, description="how far to look ahead")
    every: str = Field("10 s", max_length=50, description="how often the outputs are told")
    position: str | None = Field(
        None, max_length=100, description="id of the state that it begins from, the newest if null"
    )


class CheckedSimulation(_Model):
    """A question that can be asked, as it was read."""

    title: str = Field(examples=["Reactor temperature, setpoint (TIC-101.SP) to 85 degC, 8 h ahead"])
    horizon_s: float = Field(examples=[28800.0])


class Simulation(_Model):
    """A question and how far its answer is."""

    id: int = Field(examples=[17])
    plant: str = Field(examples=["williams-otto"])
    title: str
    changes: list[str]
    horizon: str
    position: str = Field(description="id of the state that it begins from")
    asked_by: str = Field(description="name of the key, or the policy that asked", examples=["anna"])
    asked_at_us: int
    state: State
    done: float = Field(description="part done, 0 to 1", examples=[0.4])
    message: str = Field(description="what is being done", examples=["simulating the change"])
    error: str | None = Field(default=None, description="why there is no answer, and what to do")


class SimulationList(_Model):
    """The newest questions, newest first."""

    simulations: list[Simulation]


class ComparedOutput(_Model):
    """One output at the end of both questions' horizons, with their changes."""

    name: str
    description: str
    unit: str
    decimals: int
    first: float | None
    second: float | None


class Comparison(_Model):
    """Two answered questions of one plant beside one another."""

    plant: str
    first: Simulation
    second: Simulation
    outputs: list[ComparedOutput]
    currency: str | None = Field(default=None, examples=["USD"])
    first_gain: float | None = Field(default=None, description="money over the horizon against no change")
    second_gain: float | None = None
