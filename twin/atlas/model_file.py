"""The process model of a plant as its file writes it; what the numbers mean is known where the model is."""

from typing import Literal

from pydantic import Field

from twin.atlas.economics_file import EconomicsEntry
from twin.atlas.entry import Entry, Number, Text, Whole
from twin.atlas.optimisation_file import OptimisationEntry
from twin.atlas.policy_file import Measure
from twin.atlas.tags import LiveModel


class UnknownEntry(Entry):
    """A parameter or state of the model that is looked for."""

    name: Text = Field(description="its name in the model, like activity")
    spread: Measure = Field("0", description="how far off it may be at the start: a standard deviation")
    walk: Measure = Field("0", description="how far it wanders by itself in an hour: a standard deviation")
    lasting: Text = Field("0 s", description="how long it keeps its direction; walk is then its rate's, per hour")


class InstrumentEntry(Entry):
    """A tag that the estimate is corrected by."""

    tag: Text = Field(description="a tag that is also an output of the model")
    noise: Measure = Field(description="standard deviation, with what the model cannot know of it")
    delay: Text = Field("0 s", description="how long after its sample a value is reported, like an analyser's")
    averaged: Whole = Field(0, ge=0, description="readings that a standing difference to the model is averaged over")


class EstimateEntry(Entry):
    """What is estimated from which tags while the plant runs."""

    every: Text = Field("10 s", description="time between two estimates, a whole number of seconds")
    members: Whole = Field(50, ge=3, le=500, description="members of the ensemble")
    method: Literal["transform", "stochastic"] = Field("transform", description="how readings correct the ensemble")
    inflation: Number = Field(1.0, ge=1.0, le=2.0, description="factor on the spread at each correction")
    relaxation: Number = Field(0.0, ge=0.0, lt=1.0, description="share of the lost spread that is brought back")
    gate: Number = Field(5.0, ge=3.0, description="a reading further off than this many deviations pulls no harder")
    unknowns: tuple[UnknownEntry, ...] = Field(min_length=1, description="see Unknowns")
    instruments: tuple[InstrumentEntry, ...] = Field(min_length=1, description="see Instruments")


class ModelEntry(Entry):
    """The process model that answers what-if questions of a plant."""

    process_model: Text = Field(min_length=1, description="key of the model, like williams-otto")
    surrogate: Text = Field("", description="key of the learned model that answers beside it; none, if unset")
    estimate: EstimateEntry | None = Field(None, description="see Estimate")
    economics: EconomicsEntry | None = Field(None, description="see Economics")
    optimise: OptimisationEntry | None = Field(None, description="see Optimise")

    @property
    def live(self) -> LiveModel | None:
        """What the twin needs to know, to estimate; None where nothing is estimated."""
        if self.estimate is None:
            return None
        return LiveModel(process_model=self.process_model, plan=self.estimate.model_dump(mode="json"))
