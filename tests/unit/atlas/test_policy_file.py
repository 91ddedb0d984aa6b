"""Policies in a plant file: units become the tags' own, and every fault is found at once with path and remedy."""

import math
from typing import Any

import pytest
from pydantic import ValidationError

from twin.atlas.allowed import Allowed
from twin.atlas.policies import Policy
from twin.atlas.policy_faults import PolicyGround, find_policy_faults
from twin.atlas.policy_file import PolicyEntry, read_policies
from twin.atlas.policy_writing import write_policies
from twin.atlas.tag_definition import TagDefinition
from twin.atlas.tags import Limits
from twin.atlas.triggers import AllOf, AnyOf, Threshold, Trigger

TAGS = {
    tag.name: tag
    for tag in (
        TagDefinition(name="TI-1.PV", description="Temperature", unit="degC", low=0, high=200),
        TagDefinition(name="TI-1.SP", description="Setpoint", unit="degC", low=0, high=200, kind="setpoint"),
        TagDefinition(name="PI-1.PV", description="Pressure", unit="bar(g)", low=-1, high=20),
        TagDefinition(name="LI-1.PV", description="Level", unit="%", low=0, high=100),
    )
}
GROUND = PolicyGround(modes={"R-1": ("normal", "cleaning")}, tags=TAGS)

SOUND: dict[str, Any] = {
    "name": "reactor",
    "equipment": "R-1",
    "modes": ["normal"],
    "signals": ["TI-1.PV", "PI-1.PV"],
    "limits": {"TI-1.PV": {"high": "363.15 K", "low": 60, "deadband": "1 delta_degC"}, "PI-1.PV": {"high": "8 bar(a)"}},
    "stale_after_s": {"TI-1.PV": 5},
    "changes": {"TI-1.SP": {"range": ["60 degC", 90], "max_step": "2 K", "max_rate": "3 delta_degC in 10 min"}},
    "triggers": [
        {
            "name": "hot",
            "when": {
                "any": [
                    {"all": [{"tag": "TI-1.PV", "above": 85, "hysteresis": 2}, {"tag": "LI-1.PV", "below": "20 %"}]},
                    {"tag": "PI-1.PV", "above": "7 bar(g)", "hysteresis": "0.2 bar"},
                ]
            },
            "hold": "30 s",
            "cool_down": "10 min",
            "calls": "optimisation",
        }
    ],
}


def faults(*written: dict[str, Any], ground: PolicyGround = GROUND) -> dict[str, tuple[str, str]]:
    """Message and remedy by path."""
    entries = {index: PolicyEntry.model_validate(entry) for index, entry in enumerate(written)}
    policies, findings = read_policies(entries, ground.tags)
    findings += find_policy_faults(policies, ground)
    made = [finding.fault() for finding in findings]
    assert len({fault.path for fault in made}) == len(made)
    return {fault.path: (fault.message, fault.remedy) for fault in made}


def test_a_sound_policy_is_read_in_the_tags_own_units() -> None:
    policies, findings = read_policies({0: PolicyEntry.model_validate(SOUND)}, TAGS)
    assert findings == []
    read = policies[0]
    assert read.limits["TI-1.PV"].high == pytest.approx(90.0)
    assert (read.limits["TI-1.PV"].low, read.limits["TI-1.PV"].deadband) == (60.0, 1.0)
    assert read.limits["PI-1.PV"].high == pytest.approx(8 - 1.01325)
    assert read.changes == {"TI-1.SP": Allowed(low=60, high=90, max_step=2, max_rate=3 / 600, unit="degC")}
    assert read.triggers == (
        Trigger(
            "hot",
            AnyOf((
                AllOf((Threshold("TI-1.PV", 85.0, 2.0), Threshold("LI-1.PV", 20.0, 0.0, above=False))),
                Threshold("PI-1.PV", 7.0, 0.2),
            )),
            "optimisation",
            hold_s=30,
            cool_down_s=600,
        ),
    )  # fmt: skip
    assert (read.modes, read.signals) == (frozenset({"normal"}), ("TI-1.PV", "PI-1.PV"))
    assert read.stale_after_s == {"TI-1.PV": 5.0}
    assert find_policy_faults(policies, GROUND) == []


def test_all_faults_of_all_policies_are_found_at_once() -> None:
    broken = {
        "name": "reactor",
        "equipment": "R-2",
        "signals": ["TI-1.PV", "TI-9.PV"],
        "limits": {
            "TI-1.PV": {"high": "5 bar", "deadband": "1 kg"},
            "LI-1.PV": {"low": 50, "high": 40, "high_high": 120, "deadband": -1},
            "XI-1.PV": {"high": "5 quux"},
        },
        "stale_after_s": {"TI-1.PV": -1},
        "changes": {
            "TI-1.PV": {"range": [90, 60], "max_step": 0, "max_rate": "2 K"},
            "TI-1.SP": {"max_rate": "-2 K in 1 min"},
        },
        "triggers": [
            {"name": "a", "when": {"tag": "TI-1.PV", "above": 300, "hysteresis": "-1 K"}, "hold": "long"},
            {"name": "a", "when": {"all": [{"tag": "LI-1.PV", "below": "2 kg"}, {"tag": "LI-2.PV", "above": 1}]}},
        ],
    }
    found = faults(SOUND, broken)
    assert list(found) == [
        "[1].limits.TI-1.PV.high", "[1].limits.TI-1.PV.deadband", "[1].limits.XI-1.PV.high",
        "[1].changes.TI-1.PV.max_rate", "[1].triggers[0].hold", "[1].triggers[1].when.all[0].below",
        "[1].name", "[1].equipment", "[1].signals[1]", "[1].limits.XI-1.PV", "[1].triggers[1].when.all[1].tag",
        "[1].limits.LI-1.PV.high_high", "[1].limits.LI-1.PV.high", "[1].limits.LI-1.PV.deadband",
        "[1].stale_after_s.TI-1.PV", "[1].changes.TI-1.PV", "[1].changes.TI-1.PV.range",
        "[1].changes.TI-1.PV.max_step", "[1].changes.TI-1.SP.max_rate", "[1].triggers[0].when.above",
        "[1].triggers[0].when.hysteresis", "[1].triggers[1].name",
    ]  # fmt: skip
    assert all(message and remedy for message, remedy in found.values())
    assert found["[1].limits.TI-1.PV.high"][0] == "'bar' (pressure) can't be turned into 'degC' (temperature)"
    assert found["[1].signals[1]"] == ("no tag 'TI-9.PV'", "did you mean 'TI-1.PV'?")
    assert found["[1].changes.TI-1.PV"] == (
        "TI-1.PV is measured, so nobody can change it",
        "name a setpoint, output or mode tag",
    )


def test_a_mode_that_the_equipment_lacks_is_named_with_those_it_has() -> None:
    assert faults({"name": "p", "equipment": "R-1", "modes": ["normal", "cleanin"]}) == {
        "[0].modes": ("R-1 has no mode 'cleanin'", "did you mean 'cleaning'?")
    }
    remedy = faults({"name": "p", "equipment": "R-1", "modes": ["zzz"]})["[0].modes"][1]
    assert remedy == "use one of normal, cleaning, or add it to the equipment's modes"


def test_two_policies_that_speak_of_one_thing_in_one_mode_conflict_and_a_special_mode_does_not() -> None:
    general = {"name": "g", "equipment": "R-1", "limits": {"TI-1.PV": {"high": 90}}}
    special = {"name": "s", "equipment": "R-1", "modes": ["cleaning"], "limits": {"TI-1.PV": {"high": 99}}}
    assert faults(general, special) == {}
    assert faults(general, special, special | {"name": "t"}) == {
        "[2].limits": ("s speaks of TI-1.PV in mode 'cleaning' too", "say it in one of both policies")
    }
    assert list(faults(general, general | {"name": "h"})) == ["[1].limits"]


def test_nobody_is_at_fault_for_naming_what_could_not_be_read() -> None:
    ground = PolicyGround(modes={}, tags={}, unread={"R-1", "TI-1.PV", "TI-1.SP", "PI-1.PV", "LI-1.PV"})
    assert faults(SOUND, ground=ground) == {}


@pytest.mark.parametrize(
    "when",
    [
        {}, {"tag": "TI-1.PV"}, {"above": 5}, {"tag": "TI-1.PV", "above": 5, "below": 3}, {"all": []},
        {"tag": "TI-1.PV", "above": 5, "any": [{"tag": "TI-1.PV", "above": 5}]},
        {"all": [{"tag": "TI-1.PV", "above": 5}], "any": [{"tag": "TI-1.PV", "above": 5}]},
    ],
)  # fmt: skip
def test_a_condition_is_one_threshold_or_all_or_any(when: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="write a tag with above or below, or all, or any"):
        PolicyEntry.model_validate({"name": "p", "equipment": "R-1", "triggers": [{"name": "t", "when": when}]})


def test_policies_made_in_python_are_checked_alike() -> None:
    policy = Policy(
        name="p", equipment="R-1", limits={"TI-1.PV": Limits(high=math.nan)},
        triggers=(Trigger("t", AllOf(()), "simulation", hold_s=-1.0, cool_down_s=math.inf),),
    )  # fmt: skip
    paths = [finding.fault().path for finding in find_policy_faults({0: policy}, GROUND)]
    assert paths == [
        "[0].limits.TI-1.PV.high", "[0].triggers[0].when", "[0].triggers[0].hold", "[0].triggers[0].cool_down",
    ]  # fmt: skip


def test_a_trigger_says_what_to_try_and_how_far_to_look_ahead() -> None:
    asking = {**SOUND["triggers"][0], "changes": ["TI-1.SP=85 degC"], "horizon": "2 h"}
    policies, findings = read_policies({0: PolicyEntry.model_validate({**SOUND, "triggers": [asking]})}, TAGS)
    assert findings == []
    assert (policies[0].triggers[0].changes, policies[0].triggers[0].horizon) == (("TI-1.SP=85 degC",), "2 h")
    written = write_policies(policies.values())[0]["triggers"][0]
    assert (written["changes"], written["horizon"]) == (["TI-1.SP=85 degC"], "2 h")


def test_a_horizon_that_is_no_time_is_a_fault() -> None:
    asking = {**SOUND["triggers"][0], "horizon": "soon"}
    assert "[0].triggers[0].horizon" in faults({**SOUND, "triggers": [asking]})
