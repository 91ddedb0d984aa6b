"""What is estimated, and from which tags: the part of a model's file that an estimator reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

from twin.estimation.errors import EstimatePlanError
from twin.matrix.declaration import Declaration

Method = Literal["transform", "stochastic"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Unknown:
    """A parameter or state that is looked for, in the unit that the model declares.

    `spread` is how far off it may be at the start (standard deviation), `walk` how far it wanders in an hour beyond
    what the model knows (standard deviation of a random walk); 0 for what stays or for what the model moves by itself.

    What keeps its direction for a while, like fouling or a feed that changes from tank to tank, has a *trend*:
    `lasting_s` is how long (time constant), and `walk` is then the standard deviation of the rate, per hour. A trend is
    estimated too, and forecasts go on with it until it has died away. Only parameters have one.
    """

    name: str
    spread: float
    walk: float = 0.0
    lasting_s: float = 0.0

    def check(self) -> None:
        """Raise `EstimatePlanError` for numbers that make no sense."""
        if not (self.spread >= 0.0 and self.walk >= 0.0 and self.spread + self.walk > 0.0):
            raise EstimatePlanError(
                f"{self.name}: spread {self.spread} and walk {self.walk} leave nothing to look for",
                remedy="give a spread or a walk above 0",
            )
        if not 0.0 <= self.lasting_s < inf:
            raise EstimatePlanError(
                f"{self.name}: a trend that lasts {self.lasting_s} s",
                remedy="give the seconds after which a trend has died away, or 0 for none",
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Instrument:
    """A tag that tells an output of the model.

    `noise` is its standard deviation in the output's unit, what the model can't know of it included. `delay_s` is how
    much later than its sample a value may come, as an analyser's does; 0 for what is measured in place.

    Where plant and model differ for good, as by something that the model does not know, the instrument shows a standing
    difference. It is averaged over `averaged` readings and added to forecasts; 0 takes none to be there.
    """

    name: str
    noise: float
    delay_s: int = 0
    averaged: int = 0

    def check(self) -> None:
        """Raise `EstimatePlanError` for numbers that make no sense."""
        if not (self.noise > 0.0 and self.delay_s >= 0 and self.averaged >= 0):
            raise EstimatePlanError(
                f"{self.name}: noise {self.noise}, delay {self.delay_s} s, averaged over {self.averaged}",
                remedy="give a noise above 0, a delay of 0 or more, and a number of readings or 0",
            )


@dataclass(frozen=True, kw_only=True)
class EstimatePlan:
    """What is estimated from which tags, and how.

    `inflation` multiplies the members' deviations at each update and `relaxation`, 0 to 1, brings that share of the
    lost spread back; both make up for what a small ensemble forgets. A reading that lies further from what is expected
    than `gate` times its standard deviation pulls no harder than one that lies there; infinite: all are believed alike.

    Raises
    ------
    EstimatePlanError
        For a number that makes no sense, naming it.
    """

    unknowns: tuple[Unknown, ...]
    instruments: tuple[Instrument, ...]
    members: int = 50
    method: Method = "transform"
    inflation: float = 1.0
    relaxation: float = 0.0
    gate: float = 5.0

    def __post_init__(self) -> None:
        if not (self.unknowns and self.instruments):
            raise EstimatePlanError(
                f"{len(self.unknowns)} unknowns and {len(self.instruments)} tags leave nothing to estimate",
                remedy="name one of each at least",
            )
        _refuse_twins(self.unknowns)
        _refuse_twins(self.instruments)
        rows: tuple[Unknown | Instrument, ...] = (*self.unknowns, *self.instruments)
        for row in rows:
            row.check()
        sensible = self.members >= 3 and self.inflation >= 1.0 and 0.0 <= self.relaxation < 1.0 and self.gate >= 3.0
        if not sensible:
            raise EstimatePlanError(
                f"{self.members} members, inflation {self.inflation}, relaxation {self.relaxation}, gate {self.gate}",
                remedy="give 3 members or more, an inflation of 1 or more, a relaxation from 0 to below 1, a gate of 3 "
                "or more",
            )

    def check(self, declaration: Declaration) -> None:
        """Hold the names to what the model declares.

        Raises
        ------
        EstimatePlanError
            For an unknown that is neither parameter nor state, a tag that is no output, or a model that can't be told.
        """
        if not {"step", "state"} <= declaration.capabilities:
            raise EstimatePlanError(
                f"{declaration.title} cannot be stepped or told its state, so nothing can be estimated with it",
                remedy="take a model with the capabilities step and state",
            )
        for unknown in self.unknowns:
            if unknown.lasting_s and unknown.name in declaration.state_index:
                raise EstimatePlanError(
                    f"{unknown.name} is a state of {declaration.title}, which moves it",
                    remedy="give a trend to parameters only",
                )
            if unknown.name not in declaration.parameter_index and unknown.name not in declaration.state_index:
                known = ", ".join(variable.name for variable in declaration.parameters)
                raise EstimatePlanError(
                    f"{unknown.name} is no parameter or state of {declaration.title}",
                    remedy=f"name a state, or one of the parameters {known}",
                )
        for instrument in self.instruments:
            if instrument.name not in declaration.output_index:
                known = ", ".join(variable.name for variable in declaration.outputs)
                raise EstimatePlanError(
                    f"{instrument.name} is no output of {declaration.title}", remedy=f"name one of {known}"
                )


def _refuse_twins(rows: Sequence[Unknown] | Sequence[Instrument]) -> None:
    names = [row.name for row in rows]
    for name in names:
        if names.count(name) > 1:
            raise EstimatePlanError(f"{name} is named twice", remedy="name each unknown and each tag once")
