"""Estimators beside the plants of a fleet; their ensembles are stepped together, since arrays cost by the call."""

import numpy as np
from numpy.typing import NDArray

from stream.bench.truth_fleet import Fleet
from twin.estimation.ensemble_filter import EnsembleFilter, FollowedModel
from twin.estimation.plan import EstimatePlan
from twin.matrix.model_state import ModelState, joined
from twin.matrix.snapshot import TwinSnapshot

Floats = NDArray[np.float64]


class Watch:
    """An estimator beside each plant of a fleet, and the readings that each plant's twin holds."""

    def __init__(
        self, model: FollowedModel, plan: EstimatePlan, fleet: Fleet, every_s: int, *, open_loop: bool = False
    ) -> None:
        """Begin with the fleet's first readings; `every_s` is the time between two corrections.

        With `open_loop` a model that nobody corrects runs along, with the valves that the plants have.
        """
        self.model, self.plan, self.fleet, self.every_s = model, plan, fleet, every_s
        self.estimator = EnsembleFilter(model, plan)
        self._outputs = list(model.declaration.output_index)
        fleet.go_on(every_s)
        self._held = [dict(zip(self._outputs, row, strict=True)) for row in fleet.shown().tolist()]
        states = self.started
        self.estimates = [self.estimator.start(state, fleet.now_s, (1, at)) for at, state in enumerate(states)]
        self._alone = joined(states) if open_loop else None
        self._valves: list[dict[str, float]] = []
        fleet.meanwhile()

    @property
    def started(self) -> list[ModelState]:
        """The model as readings and settings alone make it now, for each plant."""
        declared = self.model.declaration
        units = {variable.name: variable.unit for variable in (*declared.inputs, *declared.outputs)}
        return [
            self.model.start(TwinSnapshot("plant", held | own, units))
            for held, own in zip(self._held, self._settings(), strict=True)
        ]

    def held_outputs(self) -> Floats:
        """The last reading of each output; shape (plants, outputs)."""
        return np.array(
            [
                [(held | own)[name] for name in self._outputs]
                for held, own in zip(self._held, self._settings(), strict=True)
            ]
        )

    def forks(self) -> list[ModelState]:
        """The estimates' ensembles with the plants' settings, as a question begins from them.

        A valve stands where it stood on average since the last correction: its last move answers noise.
        """
        pairs = zip(self.estimates, self._settings(), self._valves, strict=True)
        return [self.model.follow(estimate.ensemble, own | valves) for estimate, own, valves in pairs]

    def go_on(self) -> None:
        """One scan: run the plants, move the models with their valves, correct them by what was read."""
        fleet, members = self.fleet, self.plan.members
        fleet.go_on(self.every_s)
        opened = fleet.meanwhile()
        self._valves = [{name: float(row[at]) for name, row in opened.items()} for at in range(len(self.estimates))]
        stepped = self._stepped([estimate.ensemble for estimate in self.estimates])
        readings = fleet.readings()
        for plant, told in enumerate(readings):
            part = stepped.taken(slice(plant * members, (plant + 1) * members))
            moved = self.estimator.moved(self.estimates[plant], part, self.every_s, (2, plant, fleet.now_s))
            wanted = [reading for reading in told if reading.name in self.estimator.tags]
            self.estimates[plant] = self.estimator.assimilate(moved, wanted, (3, plant, fleet.now_s))
            self._held[plant].update((reading.name, reading.value) for reading in told)
        if self._alone is not None:
            self._alone = self._stepped([self._alone.member(plant) for plant in range(len(readings))])

    def squared_errors(self) -> Floats:
        """Squared errors of the estimates and of the open-loop model now; shape (plants, 2, outputs)."""
        true = self.fleet.truth()
        found = [self.estimator.outputs(estimate) for estimate in self.estimates]
        filtered = np.array([[one[name].mean for name in self._outputs] for one in found])
        alone = np.full_like(true, np.nan) if self._alone is None else self.model.outputs(self._alone)
        return np.stack([(told - true) ** 2 for told in (filtered, alone)], axis=1)

    def _stepped(self, ensembles: list[ModelState]) -> ModelState:
        followed = [self.model.follow(one, valves) for one, valves in zip(ensembles, self._valves, strict=True)]
        return self.model.step(joined(followed), float(self.every_s), hold=True)

    def _settings(self) -> list[dict[str, float]]:
        names = self.model.declaration.input_index
        return [dict(zip(names, row, strict=True)) for row in self.fleet.settings().tolist()]
