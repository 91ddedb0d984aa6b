"""What a question costs beside the simulator alone: an ensemble's forecast with bands over the solver's own runs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import process_time
from typing import Final

import numpy as np

from twin.atlas.definition import parse
from twin.atlas.plant import Plant
from twin.estimation.bands import bands, shipped_calibration
from twin.estimation.forecast import forecast, member_scenarios
from twin.estimation.plan import EstimatePlan
from twin.estimation.plan_reader import read_plan
from twin.matrix.declaration import Declaration
from twin.matrix.model_state import ModelState
from twin.matrix.port import ProcessModel
from twin.matrix.scenario import Change, Scenario
from twin.matrix.williams_otto import continuous
from twin.matrix.williams_otto.adapter import WilliamsOttoProcess
from twin.matrix.williams_otto.plan import plan as segments
from twin.plants import text

MEMBERS: Final = 50
_HORIZON_S: Final = 8 * 3600.0
_THINNED: Final = 6
"""Of how many points a report shows one."""
_SPREAD: Final = 0.01
"""Of the members' states, relatively."""


@dataclass(frozen=True)
class WhatIfFigures:
    """Processor times of one thread, the least of several runs, ms, for 8 h with 50 members at 10 s output.

    `simulator_ms` are the solver's own 50 runs of the same futures, planned beforehand; `still_ms` those of the members
    without a future, which ends in a steady state; `question_ms` the whole forecast; `bands_ms` the bands of all
    outputs from it, thinned for people.
    """

    simulator_ms: float
    still_ms: float
    question_ms: float
    bands_ms: float
    members: int

    @property
    def ratio_to_simulator(self) -> float:
        """What the question costs with its bands, over the simulator's own runs."""
        return (self.question_ms + self.bands_ms) / self.simulator_ms


def measure_williams_otto(repeats: int) -> WhatIfFigures:
    """The question 80 to 85 degC over 8 h."""
    model = WilliamsOttoProcess()
    plant = parse(text("williams-otto"))
    plan = _plan(plant, model.declaration)
    ensemble = _ensemble(model)
    change = Change(name="TIC-101.SP", value=85.0, unit="degC")
    scenario = Scenario(changes=(change,), horizon_s=_HORIZON_S, every_s=10.0)
    members = [ensemble.member(at) for at in range(MEMBERS)]
    still = segments(model.declaration, ensemble.inputs[0], scenario)
    futures = member_scenarios(model.declaration, ensemble, scenario, plan=plan, seed=1)
    moving = [segments(model.declaration, ensemble.inputs[0], own) for own in futures]
    told = forecast(model, ensemble, scenario, plan=plan, seed=1)
    thinned = replace(told, times_s=told.times_s[::_THINNED], values=told.values[:, ::_THINNED])
    noise = {row.name: row.noise for row in plan.instruments}
    learned = shipped_calibration("williams-otto")
    return WhatIfFigures(
        simulator_ms=_least_ms(lambda: [continuous.run(*pair) for pair in zip(members, moving, strict=True)], repeats),
        still_ms=_least_ms(lambda: [continuous.run(member, still) for member in members], repeats),
        question_ms=_least_ms(lambda: forecast(model, ensemble, scenario, plan=plan, seed=1), repeats),
        bands_ms=_least_ms(lambda: bands(thinned, noise, learned), repeats),
        members=MEMBERS,
    )


def _ensemble(model: ProcessModel) -> ModelState:
    """Members around the design's steady state."""
    declared = model.declaration
    states, parameters, inputs = (
        np.array([[variable.nominal for variable in rows]])
        for rows in (declared.states, declared.parameters, declared.inputs)
    )
    state = ModelState(declared.id, states, parameters, inputs)
    wide = state.repeated(MEMBERS)
    return wide.with_states(wide.states * (1.0 + _SPREAD * np.random.default_rng(1).standard_normal(wide.states.shape)))


def _plan(plant: Plant, declaration: Declaration) -> EstimatePlan:
    entry = plant.model.estimate if plant.model is not None else None
    plan = read_plan(entry, declaration)[0] if entry is not None else None
    if plan is None:
        raise ValueError(f"the plant file of {plant.id} has no valid section model.estimate; mend it")
    return plan


def _least_ms(act: Callable[[], object], repeats: int) -> float:
    """The least of several runs: what others on the machine add is no part of it."""
    times = []
    for _ in range(repeats):
        began = process_time()
        act()
        times.append(1e3 * (process_time() - began))
    return min(times)
