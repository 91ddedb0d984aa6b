"""The plant's side of an optimisation: read with units, and refused with all faults at once."""

import pickle
from typing import Any

from twin.atlas.optimisation import Optimisation
from twin.atlas.optimisation_file import OptimisationEntry, read_optimisation

UNITS = {"TIC-1.SP": "degC", "FIC-1.SP": "kg/s", "AI-1.PV": "percent", "JI-1.PV": "kW"}
TEMPERATURE = {"tag": "TIC-1.SP", "low": "72 degC", "high": "367.15 K", "over": "30 min"}


def read(**entry: Any) -> Optimisation:
    got, findings = read_optimisation(OptimisationEntry.model_validate(entry), UNITS, has_economics=True)
    assert got is not None, findings
    return got


def faults(*, has_economics: bool = True, **entry: Any) -> list[str]:
    got, findings = read_optimisation(OptimisationEntry.model_validate(entry), UNITS, has_economics=has_economics)
    assert got is None
    return [str(finding.fault()) for finding in findings]


def test_settings_are_in_the_tags_unit_and_the_goal_is_profit_by_itself() -> None:
    got = read(adjustable=[TEMPERATURE, {"tag": "FIC-1.SP", "low": 3, "high": 7}], horizon="2 h")

    assert [(one.tag, one.unit, one.low, round(one.high, 9), one.over_s) for one in got.adjustable] == [
        ("TIC-1.SP", "degC", 72.0, 94.0, 1800.0),
        ("FIC-1.SP", "kg/s", 3.0, 7.0, 0.0),
    ]
    assert (got.goal.name, got.goal.value, got.goal.maximise, got.goal.over) == ("profit", None, True, "end")
    assert got.horizon_s == 7200.0


def test_goals_and_bounds_are_expressions_with_units() -> None:
    got = read(
        goal={"value": "[JI-1.PV]", "name": "Power", "unit": "kW", "aim": "minimise", "over": "mean"},
        adjustable=[TEMPERATURE],
        bounds=[{"value": "[AI-1.PV]", "unit": "percent", "high": "0.12", "when": "always"}],
    )

    assert got.goal.value is not None
    assert got.goal.value({"JI-1.PV": 3.0}) == 3.0
    assert not got.goal.maximise
    assert (got.bounds[0].name, got.bounds[0].high, got.bounds[0].low) == ("[AI-1.PV]", 0.12, None)
    assert got.units == {"AI-1.PV": "percent", "JI-1.PV": "kW"}


def test_it_goes_into_other_processes() -> None:
    got = read(adjustable=[TEMPERATURE], bounds=[{"value": "[AI-1.PV]", "unit": "percent", "high": "12 %"}])

    again = pickle.loads(pickle.dumps(got))  # noqa: S301  our own bytes

    assert again.adjustable == got.adjustable
    assert again.bounds[0].high == 12.0


def test_all_faults_come_at_once_with_their_place() -> None:
    found = faults(
        goal={"value": "[JI-9.PV]", "unit": "kWW"},
        adjustable=[
            {"tag": "TIC-2.SP", "low": 1, "high": 2},
            {"tag": "FIC-1.SP", "low": "7 kg/s", "high": "3 kg/s", "over": "soon"},
            {"tag": "FIC-1.SP", "low": "1 degC", "high": "3 kg/s"},
        ],
        bounds=[{"value": "[AI-1.PV]", "unit": "percent"}, {"value": "[AI-1.PV]", "unit": "percent", "high": "5 kg"}],
        horizon="long",
    )

    assert [fault.partition(": ")[0] for fault in found] == [
        "goal.unit",
        "goal.value",
        "adjustable[0].tag",
        "adjustable[1].high",
        "adjustable[1].over",
        "adjustable[2].low",
        "adjustable[2].tag",
        "bounds[0]",
        "bounds[1].high",
        "horizon",
    ]
    assert "did you mean 'TIC-1.SP'?" in found[2]


def test_profit_needs_economics() -> None:
    assert faults(adjustable=[TEMPERATURE], has_economics=False)[0].startswith("goal.value: the plant's profit")
