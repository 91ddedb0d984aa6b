"""Filter and observability report on the Williams-Otto reactor, beside a plant that has aged and doesn't tell."""

from dataclasses import replace

import numpy as np
import pytest

from twin.estimation.ensemble_filter import EnsembleFilter, Measured
from twin.estimation.observability import answers, observability
from twin.estimation.plan import EstimatePlan, Instrument, Unknown
from twin.matrix.model_state import ModelState, joined
from twin.matrix.williams_otto.adapter import WilliamsOttoProcess

STEP_S, PERIOD_S, LATE_S = 30, 300, 150
IN_PLACE = {"LIC-101.PV": 0.1, "TIC-101.PV": 0.05, "TIC-102.PV": 0.1, "TI-104.PV": 0.1, "TI-103.PV": 0.1}
ANALYSED = {"A": 0.08, "B": 0.25, "E": 0.2, "G": 0.08, "P": 0.08}
SPREADS = {"activity": 0.03, "feed_a_purity": 0.01, "heat_transfer": 1.2, "feed_temperature": 0.5}


def plan(components="ABEGP", unknowns=tuple(SPREADS)):
    late = {f"AI-101{component}.PV": ANALYSED[component] for component in components}
    return EstimatePlan(
        unknowns=tuple(Unknown(name=name, spread=SPREADS[name], walk=0.5 * SPREADS[name]) for name in unknowns),
        instruments=(
            *(Instrument(name=name, noise=noise) for name, noise in IN_PLACE.items()),
            *(Instrument(name=name, noise=noise, delay_s=PERIOD_S) for name, noise in late.items()),
        ),
        members=30,
    )


@pytest.fixture(scope="module")
def model():
    return WilliamsOttoProcess()


@pytest.fixture(scope="module")
def design(model):
    """The design's steady state."""
    declared = model.declaration
    rows = [[variable.nominal for variable in part] for part in (declared.states, declared.parameters, declared.inputs)]
    return ModelState(declared.id, *(np.array([row]) for row in rows))


def changed(model, state, **parameters):
    values = state.parameters.copy()
    for name, value in parameters.items():
        values[:, model.declaration.parameter_index[name]] = value
    return state.with_parameters(values)


class Watched:
    """An estimator beside a plant, and a model that nobody corrects; all three have the same valves."""

    def __init__(self, model, design, asked, truth):
        self.model, self.pair = model, joined([truth, design])
        self.estimator = EnsembleFilter(model, asked)
        self.estimate = self.estimator.start(design, 0, 1)
        self.rng, self.samples = np.random.default_rng(5), {}

    def run(self, seconds):
        """Go on; errors of filter and uncorrected model in each output over the time, shape (2, scans, outputs)."""
        errors, model = [], self.model
        for scan in range(seconds // STEP_S):
            jacket = {"TIC-102.OP": 55.0 + 2.0 * np.sin(scan / 20)}
            self.pair = model.step(model.follow(self.pair, jacket), STEP_S, hold=True)
            now = self.estimate.time_s + STEP_S
            estimate = self.estimator.advance(self.estimate, jacket, STEP_S, (2, now))
            true, uncorrected = model.outputs(self.pair)
            self.estimate = self.estimator.assimilate(estimate, self.readings(now, true), (3, now))
            mean = model.outputs(self.estimate.ensemble).mean(axis=0)
            errors.append([mean - true, uncorrected - true])
        return np.moveaxis(np.array(errors), 1, 0)

    def readings(self, now, true):
        values = dict(zip(self.model.declaration.output_index, true, strict=True))
        told = {row.name: values[row.name] + row.noise * self.rng.normal() for row in self.estimator.plan.instruments}
        if now % PERIOD_S == 0:
            self.samples = {name: value for name, value in told.items() if name.startswith("AI")}
            self.sampled = now
        late = self.samples if now % PERIOD_S == LATE_S else {}
        return [
            *(Measured(name, now, told[name]) for name in IN_PLACE),
            *(Measured(name, self.sampled, value) for name, value in late.items()),
        ]


@pytest.fixture(scope="module")
def aged(model, design):
    """90 minutes beside a reactor whose reactions have slowed, whose feed holds inert and whose jacket is fouled."""
    truth = changed(model, design, activity=0.93, feed_a_purity=0.99, heat_transfer=10.0, feed_temperature=333.65)
    watched = Watched(model, design, plan(), truth)
    return watched, watched.run(5400)


def test_what_aged_is_found_and_the_spread_says_how_well(aged):
    watched, _ = aged
    found = watched.estimator.unknowns(watched.estimate)
    true = dict(zip(watched.model.declaration.parameter_index, watched.pair.parameters[0], strict=True))
    for name, most in zip(SPREADS, (0.01, 0.005, 0.2, 0.1), strict=True):
        assert found[name].spread < most
        assert found[name].mean == pytest.approx(true[name], abs=4 * found[name].spread)


def test_compositions_and_temperatures_are_three_times_nearer_than_without_the_filter(aged):
    watched, errors = aged
    filtered, uncorrected = np.sqrt(np.mean(errors[:, 60:] ** 2, axis=1))
    names = list(watched.model.declaration.output_index)
    for name in ("TIC-101.PV", *(f"AI-101{component}.PV" for component in "ABCEGP")):
        assert filtered[names.index(name)] < uncorrected[names.index(name)] / 3, name


def test_the_model_is_told_to_fail_when_the_plant_does_what_it_does_not_know(aged):
    watched, _ = aged
    assert watched.estimator.verdict(watched.estimate).explains
    plant = changed(watched.model, watched.pair.member(0), feed_b_purity=0.85)
    stranger = Watched(watched.model, watched.pair.member(1), plan(), plant)
    stranger.estimate = watched.estimate
    stranger.run(3600)
    verdict = stranger.estimator.verdict(stranger.estimate)
    assert not verdict.explains, verdict


@pytest.fixture(scope="module")
def told(model, design):
    """Answers of all tags at the steady state that each unknown leads to."""
    return answers(model, plan(unknowns=tuple(SPREADS)[:3]), design, (5400,))


@pytest.mark.parametrize(
    ("components", "found"),
    [("", ["activity", "heat_transfer"]), ("ABEGP", ["activity", "feed_a_purity", "heat_transfer"])],
)
def test_without_analyses_of_the_feeds_activity_and_purity_look_alike(told, components, found):
    """As measured beforehand at one steady state: two of three without an analyser, all three with A and B analysed."""
    asked = plan(components, tuple(SPREADS)[:3])
    asked = replace(asked, unknowns=asked.unknowns[:3])
    kept = [name in {row.name for row in asked.instruments} for name in (row.name for row in plan().instruments)]
    report = observability(asked, told[:, :, kept])
    assert list(report.told) == found
    if report.refused:
        assert report.refused[0].confused_with == ("activity",)
