"""Figures of truth trials, from courses made by hand; the tables and the JSON that show them."""

import json
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from api.bench.machine import Machine, this_machine
from api.bench.truth import TruthResult, as_tables, write_calibrations
from stream.bench.truth_judge import calibration, judge
from stream.bench.truth_plants import ANALYSED, POOLED, Tried, TruthPlan, part
from stream.bench.truth_trial import MONEY, Course, Trial
from twin.estimation.bands import BandCalibration
from twin.estimation.plan import EstimatePlan, Instrument, Unknown
from twin.matrix.williams_otto.adapter import WilliamsOttoProcess

PLANTS, HORIZONS = 30, (3600, 28800)
SPAN_T = 60.0
"""TIC-101.PV shows 60 to 120 degC."""


def money(values):
    return 100.0 + 0.0 * values["TIC-101.PV"]


@pytest.fixture(scope="module")
def trial():
    return Trial(
        model=WilliamsOttoProcess(),
        plan=EstimatePlan(
            unknowns=(Unknown(name="activity", spread=0.03),), instruments=(Instrument(name="TIC-101.PV", noise=0.1),)
        ),
        every_s=60,
        watched_s=600,
        judged_s=600,
        changes=(),
        horizons_s=HORIZONS,
        money=money,
    )


@pytest.fixture(scope="module")
def course(trial):
    """Temperatures missed by 0.6 and by 1.2 degC; every third band of the first horizon too narrow by half."""
    shape = (PLANTS, len(HORIZONS), len(trial.names))
    true = np.full(shape, 80.0)
    misses = np.full(shape, -0.5)
    misses[::3, 0] = 0.5
    outputs = len(trial.model.declaration.outputs)
    return Course(
        told={"twin": true + 0.6, "uncorrected": true - 1.2, "persistence": true + 3.0},
        true=true,
        shown=true,
        misses=misses,
        squares=np.stack([np.full((PLANTS, outputs), 0.01), np.full((PLANTS, outputs), 0.09)], axis=1),
        explained=np.array([1.0, 0.0, 0.0] * (PLANTS // 3)),
        found=np.full((PLANTS, 2, 1), 0.004),
    )


@pytest.fixture(scope="module")
def tried(trial, course):
    learned = calibration(trial, "williams-otto", part(course, slice(0, 20)), "by a test")
    names = ("TIC-101.PV", "TIC-102.OP", *ANALYSED, MONEY)
    return Tried(judge(trial, part(course, slice(20, None)), learned, names, HORIZONS), HORIZONS, learned)


def test_errors_are_percent_of_the_range_and_gains_are_over_the_uncorrected_model(trial, tried):
    span = next(one.high - one.low for one in trial.model.declaration.outputs if one.name == "TIC-101.PV")
    figures = tried.figures.at("TIC-101.PV", 3600)
    assert figures.errors == pytest.approx({"twin": 60 / span, "uncorrected": 120 / span, "persistence": 300 / span})
    assert figures.medians["twin"] == pytest.approx(60 / span)
    assert figures.gain == pytest.approx(2.0)
    assert tried.figures.at(MONEY, 3600).errors["twin"] == pytest.approx(0.6 / 80 * 100)
    assert tried.figures.smallest_gain((*ANALYSED, MONEY), 28800) == pytest.approx(2.0)


def test_bands_are_judged_on_other_plants_than_they_were_calibrated_on(tried):
    early, late = (tried.figures.at("TIC-101.PV", horizon) for horizon in HORIZONS)
    assert (tried.figures.plants, tried.figures.calibration_plants) == (10, 20)
    assert early.raw_held == pytest.approx(70.0, abs=10.0)
    assert (early.held, late.held) == (100.0, 100.0)
    assert tried.learned.margins["TIC-101.PV"] == pytest.approx((0.5, -0.5))


def test_estimates_are_compared_with_the_model_that_nobody_corrects(trial, tried):
    span = next(one.high - one.low for one in trial.model.declaration.outputs if one.name == "TIC-101.PV")
    assert tried.figures.filtered["TIC-101.PV"] == pytest.approx((10 / span, 30 / span))
    assert tried.figures.explained_pct == pytest.approx(30.0)
    assert tried.figures.unknowns == {"activity": (0.03, pytest.approx(0.004))}


def test_json_has_the_main_figures_and_the_tables_show_them_all(tried, tmp_path):
    result = TruthResult(TruthPlan(tennessee_eastman=0), tried, None, this_machine())
    assert isinstance(result.machine, Machine)
    told = json.loads(json.dumps(result.as_dict()))
    assert told["williams_otto_gain_1h"] == told["williams_otto_gain_8h"] == 2.0
    assert told["band_coverage_pct"] == 100.0
    assert {row["output"] for row in told["williams_otto"]["forecasts"]} >= set(POOLED)
    assert "tennessee_eastman" not in told
    out = StringIO()
    Console(file=out, width=160).print(as_tables(result))
    assert "AI-101G.PV" in out.getvalue()
    (written,) = write_calibrations(result, tmp_path)
    assert written.name == "williams-otto.bands.json"
    content = json.loads(written.read_text(encoding="utf-8"))
    assert BandCalibration.from_json(content).margins.keys() == tried.learned.margins.keys()
