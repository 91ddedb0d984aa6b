"""The ensemble Kalman filter beside a live plant: it follows any model that can be stepped, corrected by readings.

The ensemble's columns are the model's states, the unknown parameters and the *predictions*: what the model had said
that each instrument would show, now and as far back as a late result may speak of. A correction moves all columns that
vary together, so a result that comes late is compared with what was predicted for the time of its sample and corrects
the present [1]_. Unknown parameters wander at random between readings [2]_; their columns are corrected like states.

References
----------
.. [1] P. Sakov, G. Evensen, L. Bertino, Asynchronous data assimilation with the EnKF, Tellus A 62 (2010) 24-29.
.. [2] G. Evensen, The ensemble Kalman filter for combined state and parameter estimation, IEEE Control Systems Magazine
   29 (2009) 83-104.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from analytics.quality import GOOD, is_good
from twin.estimation.consistency import Consistency, Verdict
from twin.estimation.ensemble_update import Comparison, inflated, relaxed, stochastic_update, transform_update
from twin.estimation.errors import EstimationError
from twin.estimation.plan import EstimatePlan
from twin.matrix.declaration import Variable
from twin.matrix.model_state import ModelState
from twin.matrix.port import ProcessModel, SteppableModel

Floats = NDArray[np.float64]
Seed = int | Sequence[int]

_HOUR_S: Final = 3600.0


class FollowedModel(ProcessModel, SteppableModel, Protocol):
    """A process model that can be stepped."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One reading of an instrument: its value in the model's unit, and when its sample was taken, not reported."""

    name: str
    time_s: int
    value: float
    quality: int = GOOD


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """What the filter knows at `time_s`; never changed, and all that is needed to go on.

    `ensemble` is the model's state: the members that a what-if begins from. `predicted` has shape (members, columns);
    `columns` tells for each column the instrument's place in the plan and the time that it speaks of. `rates` are those
    of the unknowns with a trend, per hour, shape (members, trends), and `offsets` the standing differences of the
    instruments, shape (instruments,); both in the plan's order.
    """

    time_s: int
    ensemble: ModelState
    predicted: Floats
    columns: tuple[tuple[int, int], ...]
    consistency: Consistency
    rates: Floats
    offsets: Floats


@dataclass(frozen=True, slots=True)
class Found:
    """One quantity over the ensemble: mean and standard deviation, in the unit that the model declares."""

    mean: float
    spread: float


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """What an estimate knows of the time to come.

    `rates` are those of the unknowns with a trend, per hour, shape (members,), by name; `offsets` the standing
    differences between instrument and model, by output.
    """

    rates: Mapping[str, Floats]
    offsets: Mapping[str, float]


class EnsembleFilter:
    """An estimator of a model's states and unknown parameters from the plan's instruments.

    It holds no state of its own: every method takes an `Estimate` and returns another. Whatever is drawn at random
    comes from the seed given, so that the same calls give the same bits.

    Raises
    ------
    EstimatePlanError
        Where the plan names what the model does not declare.
    """

    def __init__(self, model: FollowedModel, plan: EstimatePlan) -> None:
        declaration = model.declaration
        plan.check(declaration)
        self.model = model
        self.plan = plan
        self.tags = tuple(instrument.name for instrument in plan.instruments)
        at_state, at_parameter = declaration.state_index, declaration.parameter_index
        self._free = [at_parameter[row.name] for row in plan.unknowns if row.name in at_parameter]
        states = len(declaration.states)
        columns = {index: states + place for place, index in enumerate(self._free)}
        self._unknown_columns = [
            columns[at_parameter[row.name]] if row.name in at_parameter else at_state[row.name] for row in plan.unknowns
        ]
        self._trends = [row for row in plan.unknowns if row.lasting_s]
        self._moving = [at_parameter[row.name] for row in self._trends]
        self._rate_walks = np.array([row.walk for row in self._trends])
        self._walks = np.array([0.0 if row.lasting_s else row.walk for row in plan.unknowns])
        self._averaged = np.array([row.averaged for row in plan.instruments])
        bounded: list[Variable] = [*declaration.states, *(declaration.parameters[index] for index in self._free)]
        self._low = np.array([variable.low for variable in bounded])
        self._high = np.array([variable.high for variable in bounded])
        self._outputs = [declaration.output_index[name] for name in self.tags]
        self._noise = np.array([instrument.noise for instrument in plan.instruments])
        self._delays = [instrument.delay_s for instrument in plan.instruments]
        self._place = {name: place for place, name in enumerate(self.tags)}

    @property
    def identity(self) -> list[str]:
        """What an estimate must share with another filter to go on in it: model, members, unknowns, trends, tags."""
        declaration = self.model.declaration
        free = [declaration.parameters[index].name for index in self._free]
        trends = [f"trend of {row.name}" for row in self._trends]
        return [f"{declaration.name} {declaration.version}", f"{self.plan.members} members", *free, *trends, *self.tags]

    def start(self, state: ModelState, time_s: int, seed: Seed) -> Estimate:
        """An ensemble around one model state, each unknown with its spread."""
        rng = np.random.default_rng(seed)
        spreads = np.array([row.spread for row in self.plan.unknowns])
        ensemble = self._wandered(state.repeated(self.plan.members), spreads, rng)
        nothing = np.empty((self.plan.members, 0))
        rates = self._drawn(len(self._trends), rng) * self._rate_walks
        begun = Estimate(
            time_s, ensemble, nothing, (), Consistency.start(len(self.tags)), rates, np.zeros(len(self.tags))
        )
        return self._predicting(begun)

    def advance(self, estimate: Estimate, settings: Mapping[str, float], duration_s: int, seed: Seed) -> Estimate:
        """The estimate `duration_s` later, with the valves and setpoints that the plant had meanwhile.

        Parameters
        ----------
        estimate
            The estimate before.
        settings
            By input name in the inputs' units; what is not named stays.
        duration_s
            Whole seconds, above 0.
        seed
            Of the random walks, another at every call.

        Raises
        ------
        MatrixError
            What the model raised.
        """
        stepped = self.model.step(self.model.follow(estimate.ensemble, settings), float(duration_s), hold=True)
        return self.moved(estimate, stepped, duration_s, seed)

    def moved(self, estimate: Estimate, stepped: ModelState, duration_s: int, seed: Seed) -> Estimate:
        """What `advance` makes of an ensemble that somebody else has stepped, as where several are stepped at once."""
        rng = np.random.default_rng(seed)
        hours = duration_s / _HOUR_S
        parameters = stepped.parameters.copy()
        parameters[:, self._moving] += hours * estimate.rates
        ensemble = self._wandered(stepped.with_parameters(parameters), self._walks * hours**0.5, rng)
        kept = np.exp([-duration_s / row.lasting_s for row in self._trends])
        fresh = self._rate_walks * np.sqrt(1.0 - kept**2)
        rates = kept * estimate.rates + fresh * self._drawn(len(kept), rng)
        return self._predicting(replace(estimate, time_s=estimate.time_s + duration_s, ensemble=ensemble, rates=rates))

    def assimilate(self, estimate: Estimate, readings: Sequence[Measured], seed: Seed) -> Estimate:
        """The estimate corrected by readings of now and by late results.

        A reading that is not good or not a number, or speaks of a time that is no longer remembered, is left out, and
        one that speaks of a time between two steps is compared with the nearer one. Each reading counts once each time
        it is given.

        Parameters
        ----------
        estimate
            The estimate before.
        readings
            Any number, in any order.
        seed
            Of the perturbed readings of the stochastic method; the transform draws nothing.

        Raises
        ------
        EstimationError
            For a tag that the plan does not name, or a sample taken later than the estimate's time.
        """
        used = self._remembered(estimate, readings)
        if not used:
            return estimate
        places = [estimate.columns[column][0] for column, _ in used]
        before = self._columns(estimate)
        first = before.shape[1] - estimate.predicted.shape[1]
        wide = inflated(before, self.plan.inflation)
        compared = Comparison.of(
            wide[:, [first + column for column, _ in used]],
            np.array([value for _, value in used]),
            self._noise[places],
            self.plan.gate,
        )
        if self.plan.method == "transform":
            after = transform_update(wide, compared)
        else:
            draws = np.random.default_rng(seed).standard_normal((self.plan.members, len(used)))
            after = stochastic_update(wide, compared, draws)
        if self.plan.relaxation:
            after = relaxed(after, wide, self.plan.relaxation)
        scores = np.full(len(self.tags), np.nan)
        scores[places] = compared.standardised
        held = first - len(self._trends)
        return replace(
            estimate,
            ensemble=self._bounded(estimate.ensemble, after[:, :held]),
            rates=after[:, held:first],
            predicted=after[:, first:],
            consistency=estimate.consistency.after(compared.square, len(used), scores),
            offsets=self._settled(estimate.offsets, places, compared.innovations),
        )

    def verdict(self, estimate: Estimate) -> Verdict:
        """Whether the model still explains the plant."""
        return estimate.consistency.verdict(self.tags)

    def unknowns(self, estimate: Estimate) -> dict[str, Found]:
        """The plan's unknowns as they are estimated now, by name."""
        columns = self._columns(estimate)[:, self._unknown_columns]
        return _found([row.name for row in self.plan.unknowns], columns)

    def outputs(self, estimate: Estimate) -> dict[str, Found]:
        """All outputs now, measured or not, by name; with the standing differences of their instruments."""
        names = [variable.name for variable in self.model.declaration.outputs]
        added = np.zeros(len(names))
        added[self._outputs] = estimate.offsets
        return _found(names, self.model.outputs(estimate.ensemble) + added)

    def outlook(self, estimate: Estimate) -> Outlook:
        """What a forecast from this estimate goes on with beside its ensemble."""
        names = [row.name for row in self._trends]
        rates = dict(zip(names, estimate.rates.T, strict=True))
        offsets = dict(zip(self.tags, estimate.offsets.tolist(), strict=True))
        return Outlook(rates, {name: offset for name, offset in offsets.items() if offset})

    def _settled(self, offsets: Floats, places: Sequence[int], innovations: Floats) -> Floats:
        """Standing differences after some more innovations, given in units of the noise."""
        settled = offsets.copy()
        for place, innovation in zip(places, innovations.tolist(), strict=True):
            if self._averaged[place]:
                settled[place] += (innovation * self._noise[place] - settled[place]) / self._averaged[place]
        return settled

    def _columns(self, estimate: Estimate) -> Floats:
        ensemble = estimate.ensemble
        free = ensemble.parameters[:, self._free]
        return np.concatenate([ensemble.states, free, estimate.rates, estimate.predicted], axis=1)

    def _bounded(self, ensemble: ModelState, columns: Floats) -> ModelState:
        """The ensemble with these states and unknown parameters, each held in the range that the model declares."""
        held = np.clip(columns, self._low, self._high)
        states = ensemble.states.shape[1]
        parameters = ensemble.parameters.copy()
        parameters[:, self._free] = held[:, states:]
        return ensemble.with_states(held[:, :states]).with_parameters(parameters)

    def _wandered(self, ensemble: ModelState, deviations: Floats, rng: np.random.Generator) -> ModelState:
        columns = np.concatenate([ensemble.states, ensemble.parameters[:, self._free]], axis=1)
        columns[:, self._unknown_columns] += self._drawn(len(deviations), rng) * deviations
        return self._bounded(ensemble, columns)

    def _drawn(self, columns: int, rng: np.random.Generator) -> Floats:
        """Normal noise whose mean over the members is 0, so that it moves no mean; shape (members, columns)."""
        members = self.plan.members
        noise = rng.standard_normal((members, columns))
        noise -= noise.mean(axis=0)
        noise *= (members / (members - 1)) ** 0.5
        return noise

    def _predicting(self, estimate: Estimate) -> Estimate:
        """The estimate that remembers what is predicted now, and forgets what no result can speak of any more."""
        now = estimate.time_s
        kept = [
            number for number, (place, time_s) in enumerate(estimate.columns) if now - time_s <= self._delays[place]
        ]
        fresh = self.model.outputs(estimate.ensemble)[:, self._outputs]
        return replace(
            estimate,
            predicted=np.concatenate([estimate.predicted[:, kept], fresh], axis=1),
            columns=(*(estimate.columns[number] for number in kept), *((place, now) for place in self._place.values())),
        )

    def _remembered(self, estimate: Estimate, readings: Sequence[Measured]) -> list[tuple[int, float]]:
        """Column and value of each usable reading."""
        usable = is_good(np.array([reading.quality for reading in readings], dtype=np.uint32))
        usable &= np.isfinite([reading.value for reading in readings])
        exact = {column: number for number, column in enumerate(estimate.columns)}
        used = []
        for reading, wanted in zip(readings, usable.tolist(), strict=True):
            place = self._place.get(reading.name)
            if place is None:
                raise EstimationError(
                    f"{reading.name} is no instrument of this estimate", remedy=f"give one of {', '.join(self.tags)}"
                )
            late = estimate.time_s - reading.time_s
            if late < 0:
                raise EstimationError(
                    f"{reading.name}: sample of {reading.time_s} s, but the estimate stands at {estimate.time_s} s",
                    remedy="advance the estimate first",
                )
            if wanted and late <= self._delays[place]:
                column = exact.get((place, reading.time_s))
                nearest = _nearest(estimate.columns, place, reading.time_s) if column is None else column
                used.append((nearest, reading.value))
        return used


def _nearest(columns: Sequence[tuple[int, int]], place: int, time_s: int) -> int:
    return min(
        (number for number, column in enumerate(columns) if column[0] == place),
        key=lambda number: abs(columns[number][1] - time_s),
    )


def _found(names: Sequence[str], columns: Floats) -> dict[str, Found]:
    means, spreads = columns.mean(axis=0).tolist(), columns.std(axis=0, ddof=1).tolist()
    return {name: Found(mean, spread) for name, mean, spread in zip(names, means, spreads, strict=True)}
