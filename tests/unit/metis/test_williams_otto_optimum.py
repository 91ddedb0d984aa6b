"""The classical optimum of the Williams-Otto reactor, found through the port with derivatives.

Its numbers: profit of 190.990602 $/s at 4.787470 kg/s of feed B and 89.70282 degC, with 2105.2 kg in the reactor.
"""

from datetime import UTC, datetime

import pytest

from twin.atlas.definition import parse
from twin.matrix.snapshot import TwinSnapshot
from twin.matrix.williams_otto.adapter import WilliamsOttoProcess
from twin.matrix.williams_otto.model import WilliamsOttoModel
from twin.metis.evaluation import Evaluation
from twin.metis.problem import Problem
from twin.metis.searches.chosen import choose_search
from twin.metis.study import run_study
from twin.plants import text

MODEL = WilliamsOttoProcess()


def start():
    plant = WilliamsOttoModel()
    signals = [*plant.instruments, *plant.settings]
    values = dict(zip([s.name for s in signals], [*plant.measure(), *plant.read_settings()], strict=True))
    return MODEL.start(TwinSnapshot("williams-otto", values, {s.name: s.unit for s in signals}))


def posed():
    plant = parse(text("williams-otto"))
    return Problem.of(
        plant.optimisation,
        MODEL.declaration,
        money=(plant.economics, plant.prices, datetime(2026, 1, 1, tzinfo=UTC)),
    )


@pytest.mark.parametrize(
    "from_here",
    [
        {"TIC-101.SP": 80.0, "FIC-102.SP": 4.787},
        {"TIC-101.SP": 85.0, "FIC-102.SP": 4.787},
        {"TIC-101.SP": 74.0, "FIC-102.SP": 7.0},
        {"TIC-101.SP": 93.5, "FIC-102.SP": 3.0},
    ],
)
def test_derivatives_lead_to_the_classical_optimum(from_here):
    problem = posed()
    evaluation = Evaluation(MODEL, start(), problem)
    search = choose_search(problem, evaluation, problem.point(from_here), budget=25, seed=1)

    study = run_study(problem, evaluation, search, 25)

    best = study.best
    assert study.ended == "content"
    assert len(study.trials) <= 25
    assert best.outcome.value / 3600 == pytest.approx(190.9906, abs=1e-3)
    assert best.settings["FIC-102.SP"] == pytest.approx(4.78747, abs=5e-3)
    assert best.settings["TIC-101.SP"] == pytest.approx(89.7028, abs=0.05)
