"""Problems: the plant's side met with a model, in the model's units, refused with everything that does not fit."""

from datetime import UTC, datetime

import numpy as np
import pytest

from tests.unit.metis.conftest import Hill, optimisation
from twin.atlas.array_expressions import compile_over_arrays
from twin.atlas.economics import Economics, MoneyLine
from twin.atlas.prices import Price, PriceBook
from twin.matrix.scenario import Change
from twin.metis.errors import ProblemError
from twin.metis.problem import Problem

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_point_of_the_box_stands_for_settings_and_a_scenario(pose):
    problem = pose(adjustable=[{"tag": "A.SP", "low": "313.15 K", "high": 80, "over": "30 min"}])

    values = problem.values(np.array([0.25]))

    assert values == pytest.approx({"A.SP": 50.0})
    (change,) = problem.asking(values).changes
    assert (change.name, change.unit, change.over_s) == ("A.SP", "degC", 1800.0)
    assert problem.scenario.horizon_s == 4 * 3600.0
    np.testing.assert_allclose(problem.point({"A.SP": 200.0}), [1.0])


def test_what_else_was_asked_stays_and_a_change_of_an_adjustable_setting_gives_way(hill):
    asked = [Change(name="B.SP", value=2.5, unit="kg/s", start_s=60.0), Change(name="A.SP", value=70.0, unit="degC")]
    problem = Problem.of(
        optimisation(adjustable=[{"tag": "A.SP", "low": 40, "high": 80}]),
        hill.declaration,
        asked=asked,
        horizon_s=7200.0,
    )

    scenario = problem.asking({"A.SP": 55.0})

    assert [(change.name, change.value) for change in scenario.changes] == [("A.SP", 55.0), ("B.SP", 2.5)]
    assert scenario.horizon_s == 7200.0


def test_ranges_stay_within_the_models(hill):
    problem = Problem.of(optimisation(adjustable=[{"tag": "B.SP", "low": -3, "high": 40}]), hill.declaration)

    assert (problem.settings[0].low, problem.settings[0].high) == (0.0, 5.0)


def test_profit_is_the_goal_where_economics_tell_it(hill):
    line = MoneyLine("heat", "heat", "product", compile_over_arrays("[H.PV]", ["H.PV"]), "kW")
    money = (Economics("USD", (line,), {"H.PV": "kW"}), PriceBook([Price.of("heat", "0.1 USD/kWh")]), NOW)

    problem = Problem.of(optimisation(goal={"value": "profit"}), hill.declaration, money=money)

    assert problem.objective.kpi.unit == "USD/h"
    told = hill.simulate(hill.start(), problem.asking({"A.SP": 60.0, "B.SP": 3.0}))
    assert problem.objective.kpi.over(told)[0, -1] == pytest.approx(10.0)


def test_everything_that_does_not_fit_the_model_is_told_at_once():
    declaration = Hill().declaration
    posed = optimisation(
        goal={"value": "profit"},
        adjustable=[{"tag": "A.PV", "low": 1, "high": 2}, {"tag": "B.SP", "low": 7, "high": 9}],
        horizon="100 h",
    )

    with pytest.raises(ProblemError) as raised:
        Problem.of(posed, declaration)

    assert [fault.path for fault in raised.value.faults] == [
        "adjustable[0].tag",
        "adjustable[1].tag",
        "goal",
        "horizon",
    ]
    assert "A.PV" in str(raised.value)
