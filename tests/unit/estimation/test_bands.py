"""Bands of forecasts: where they lie, what calibration changes, and that calibrated ones hold."""

import json

import numpy as np
import pytest

from twin.estimation.bands import (
    BandCalibration,
    band_misses,
    bands,
    calibrated_margins,
    raw_bands,
    shipped_calibration,
)
from twin.estimation.errors import StoredCalibrationError
from twin.matrix.declaration import Variable
from twin.matrix.trajectory import Trajectory, Trip
from twin.plants import names

TIMES = np.array([0.0, 3600.0, 7200.0])
OUTPUTS = tuple(
    Variable(name=name, description="", unit="kg", low=-1e6, high=1e6, nominal=0.0) for name in ("wide", "still")
)


def told(values, trips=()):
    return Trajectory.of("test", OUTPUTS, TIMES, np.asarray(values, dtype=float), trips)


@pytest.fixture
def ensemble():
    values = np.zeros((101, 3, 2))
    values[:, :, 0] = np.arange(101)[:, None] * (1.0 + TIMES / 3600.0)
    return told(values)


def calibration(**margins):
    return BandCalibration(
        plant="test",
        model="test",
        level=0.9,
        forecasts=40,
        made="by a test",
        horizons_s=(3600.0, 7200.0),
        margins=margins,
    )


def test_a_band_without_calibration_is_the_members_own(ensemble):
    made = bands(ensemble, {})
    low, mid, high = made.of("wide")
    assert low == pytest.approx([5, 10, 15])
    assert mid == pytest.approx([50, 100, 150])
    assert high == pytest.approx([95, 190, 285])
    assert made.calibrated == (False, False)
    with pytest.raises(KeyError):
        made.of("other")


def test_noise_of_the_instrument_adds_to_the_spread_as_squares_do(ensemble):
    made = bands(ensemble, {"still": 2.0, "wide": 45.0 / 1.6448536})
    assert made.of("still")[2] == pytest.approx(2 * 1.6448536)
    assert made.of("wide")[2][0] == pytest.approx(50 + 45 * 2**0.5)


def test_margins_are_half_widths_and_lie_between_horizons_in_a_straight_line(ensemble):
    made = bands(ensemble, {}, calibration(wide=(1.0, -0.5)))
    low, _, high = made.of("wide")
    assert high - low == pytest.approx([180, 360, 135])
    assert made.calibrated == (True, False)


def test_after_most_members_have_tripped_there_is_no_band():
    values = np.ones((3, 3, 2))
    trips = (Trip(0.0, "too hot"), Trip(3600.0, "too hot"), None)
    made = bands(told(values, trips), {})
    assert np.isfinite(made.mid[:2]).all()
    assert np.isnan(made.high[2]).all()
    assert np.isnan(made.low[2]).all()


def test_quantiles_are_numpy_s_where_some_members_have_tripped():
    values = np.random.default_rng(2).normal(size=(20, 3, 2))
    values[:5, 1:] = np.nan
    values[5, 2] = np.nan
    low, mid, high = raw_bands(told(values), {})
    for told_low, share in ((low, 0.05), (mid, 0.5), (high, 0.95)):
        assert told_low == pytest.approx(np.nanquantile(values, share, axis=0))


def test_calibrated_bands_hold_as_often_as_they_say_though_the_ensemble_s_own_do_not():
    rng = np.random.default_rng(1)

    def case():
        centre = rng.normal(size=(1, 3, 2))
        return told(centre + 0.3 * rng.normal(size=(50, 3, 2))), (centre + rng.normal(size=(1, 3, 2)))[0]

    misses = np.array([band_misses(forecast, {}, came) for forecast, came in (case() for _ in range(200))])
    margins = calibrated_margins(misses[:, 1:], ("wide", "still"))
    held = {"raw": [], "calibrated": []}
    for _ in range(400):
        forecast, came = case()
        for kind, known in (("raw", None), ("calibrated", calibration(**margins))):
            made = bands(forecast, {}, known)
            held[kind].append((made.low[1:] <= came[1:]) & (came[1:] <= made.high[1:]))
    assert np.mean(held["raw"]) < 0.5
    assert 0.87 < np.mean(held["calibrated"]) < 0.94


def test_an_output_with_too_few_judged_forecasts_is_not_calibrated():
    misses = np.zeros((9, 2, 2))
    misses[0, 1, 1] = np.nan
    assert list(calibrated_margins(misses, ("wide", "still"))) == ["wide"]


def test_a_calibration_is_for_its_model_and_level(ensemble):
    with pytest.raises(ValueError, match="80%"):
        bands(ensemble, {}, calibration(), level=0.8)


def test_a_calibration_comes_back_from_json():
    held = calibration(wide=(1.0, -0.5))
    assert BandCalibration.from_json(json.loads(json.dumps(held.to_json()))) == held


@pytest.mark.parametrize(
    "changed", [{"version": 2}, {"horizons_s": [7200.0, 3600.0]}, {"horizons_s": []}, {"made": ...}]
)
def test_what_is_no_calibration_is_refused_with_what_to_do(changed):
    content = calibration(wide=(1.0, -0.5)).to_json() | changed
    content = {name: value for name, value in content.items() if value is not ...}
    with pytest.raises(StoredCalibrationError, match="atlas bench truth"):
        BandCalibration.from_json(content)


def test_calibrations_that_ship_are_of_plants_that_ship():
    assert shipped_calibration("no-such-plant") is None
    for plant in names():
        shipped = shipped_calibration(plant)
        assert shipped is None or (shipped.plant == plant and shipped.forecasts >= 20)
