"""Recommendations: what a search found, told with all members against what was asked for."""

import json

import numpy as np
import pytest

from twin.matrix.errors import SimulationCancelledError
from twin.matrix.model_state import joined
from twin.metis.recommendation import middle_member, recommend


def members(hill, *biases):
    return joined([hill.start().with_parameters([[bias]]) for bias in biases])


def test_better_settings_come_with_their_gain_over_what_was_asked(hill, pose):
    state = members(hill, 2.9, 3.0, 3.1)

    found = recommend(hill, state, pose(), {"A.SP": 64.0}, seed=1).as_content()

    assert [(one["name"], one["unit"], one["now"], one["asked"]) for one in found["settings"]] == [
        ("A.SP", "degC", 50.0, 64.0),
        ("B.SP", "kg/s", 2.0, 2.0),
    ]
    assert [one["value"] for one in found["settings"]] == pytest.approx([60.0, 3.0], abs=1e-3)
    assert found["gain"]["mid"] == pytest.approx(24.0, abs=0.1)
    assert found["gain"]["low"] < 24.0 < found["gain"]["high"]
    assert (found["gain_unit"], found["objective"], found["holding"]) == ("kW", "Height", 1.0)
    assert json.loads(json.dumps(found)) == found


def test_where_nothing_is_better_the_asked_settings_stay(hill, pose):
    found = recommend(hill, hill.start(), pose(), {"A.SP": 60.0, "B.SP": 3.0}, seed=1)

    assert found.settings == found.asked
    assert found.as_content()["gain"] == {"mid": 0.0, "low": None, "high": None}
    assert found.text == "No better settings than those asked for were found."


def test_where_nothing_is_allowed_nothing_is_recommended(hill, pose):
    problem = pose(bounds=[{"value": "[H.PV]", "unit": "kW", "low": 150}])

    found = recommend(hill, hill.start(), problem, seed=1, budget=12)

    assert found.settings is None
    content = found.as_content()
    assert content["settings"][0]["value"] is None
    assert content["gain"]["mid"] is None
    assert "No settings were found" in content["text"]


def test_settings_that_break_a_bound_are_answered_with_such_that_keep_it(hill, pose):
    problem = pose(bounds=[{"value": "[A.PV]", "unit": "degC", "high": 56}])

    found = recommend(hill, hill.start(), problem, {"A.SP": 62.0, "B.SP": 3.0}, seed=1)

    assert found.settings["A.SP"] <= 56.001
    assert found.gains[0] == pytest.approx(-3.0, abs=0.01)
    assert "may break a bound" in found.text


def test_a_model_without_derivatives_is_searched_by_quadratic_models(pose):
    from tests.unit.metis.conftest import Hill

    blind = Hill(gradients=False)
    found = recommend(blind, blind.start(), pose(), seed=1).as_content()

    assert found["method"] == "search by quadratic models"
    assert found["gain"]["mid"] == pytest.approx(45.0, abs=0.01)
    assert found["model_runs"] <= 25 + 2  # each setting is tried back where it was


def test_progress_only_grows_and_its_watch_ends_the_search(hill, pose):
    done = []
    recommend(hill, hill.start(), pose(), seed=1, watch=done.append)

    assert done == sorted(done)
    assert done[-1] == 1.0

    def cancelled(part):
        if part > 0.1:
            raise SimulationCancelledError

    with pytest.raises(SimulationCancelledError):
        recommend(hill, hill.start(), pose(), seed=1, watch=cancelled)


def test_the_middle_member_is_nearest_to_the_mean(hill):
    assert middle_member(members(hill, 1.0, 2.9, 5.0)) == 1
    assert middle_member(hill.start()) == 0
    assert np.isfinite(middle_member(members(hill, 3.0, 3.0)))


def test_where_what_was_asked_shuts_the_plant_down_the_search_begins_at_the_present_settings(hill, pose):
    wide = [{"tag": "A.SP", "low": 40, "high": 80}, {"tag": "B.SP", "low": 1, "high": 5}]

    found = recommend(hill, hill.start(), pose(adjustable=wide), {"B.SP": 4.8}, seed=1)

    assert "shuts down" in found.study.trials[0].outcome.failure
    assert found.settings["B.SP"] == pytest.approx(3.0, abs=1e-3)
    assert found.as_content()["gain"] == {"mid": None, "low": None, "high": None}
    assert found.as_content()["value"]["mid"] == pytest.approx(100.0, abs=1e-3)


def test_a_setting_that_brings_nothing_is_not_moved(hill, pose):
    problem = pose(goal={"value": "[A.PV]", "name": "Warmth", "unit": "degC"})

    found = recommend(hill, hill.start(), problem, {"A.SP": 55.1}, seed=1)

    assert found.settings == pytest.approx({"A.SP": 80.0, "B.SP": 2.0}, abs=1e-3)
    assert found.settings["B.SP"] == 2.0
