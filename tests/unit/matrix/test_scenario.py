"""What people write as scenarios: read exactly, or refused with field, value and remedy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.matrix.declaration import Declaration, Variable
from twin.matrix.errors import ScenarioError
from twin.matrix.scenario import Change, Scenario, value_at

MODEL = Declaration(
    name="reactor",
    title="The reactor",
    version=1,
    inputs=(
        Variable(name="TIC-101.SP", description="Temperature", unit="degC", low=40, high=120, nominal=80),
        Variable(name="LIC-101.OP", description="Valve", unit="percent", low=0, high=100, nominal=50),
        Variable(name="TIC-101.KC", description="Gain", unit="dimensionless", low=-100, high=100, nominal=3),
        Variable(
            name="TIC-101.MODE",
            description="Mode",
            unit="",
            low=0,
            high=2,
            nominal=1,
            states=("MAN", "AUTO", "CAS"),
        ),
    ),
    outputs=(),
    states=(),
    parameters=(Variable(name="activity", description="", unit="dimensionless", low=0, high=3, nominal=1),),
    capabilities=frozenset(),
    longest_s=72 * 3600.0,
)


def parsed(*changes: str, horizon: str = "8h", every: str = "10 s") -> Scenario:
    return Scenario.parse(changes, horizon, MODEL, every=every)


def faults(*changes: str, horizon: str = "8h", every: str = "10 s") -> dict[str, str]:
    with pytest.raises(ScenarioError) as caught:
        parsed(*changes, horizon=horizon, every=every)
    assert all(fault.remedy for fault in caught.value.faults)
    return {fault.path: str(fault) for fault in caught.value.faults}


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("TIC-101.SP=85 degC", Change(name="TIC-101.SP", value=85.0, unit="degC")),
        (" TIC-101.SP = 185 degF ", Change(name="TIC-101.SP", value=85.0, unit="degC")),
        ("LIC-101.OP=40%", Change(name="LIC-101.OP", value=40.0, unit="percent")),
        ("activity=0.9", Change(name="activity", value=0.9, unit="dimensionless")),
        ("TIC-101.MODE=man", Change(name="TIC-101.MODE", value=0.0, unit="")),
        (
            "TIC-101.SP=85 degC over 30 min at 1 h",
            Change(name="TIC-101.SP", value=85.0, unit="degC", start_s=3600.0, over_s=1800.0),
        ),
        (
            "TIC-101.SP=85 degC at 1h over 0.5h",
            Change(name="TIC-101.SP", value=85.0, unit="degC", start_s=3600.0, over_s=1800.0),
        ),
    ],
)
def test_a_change_is_read_as_it_is_meant(text, change):
    (read,) = parsed(text).changes
    assert read.value == pytest.approx(change.value)
    assert (read.name, read.unit, read.start_s, read.over_s) == (
        change.name, change.unit, change.start_s, change.over_s,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("TIC-999.SP=85 degC", "changes[0].name", "did you mean 'TIC-101.SP'?"),
        ("TIC-101.PV=85 degC", "changes[0].name", "TIC-101.SP"),
        ("TIC-101.SP=85", "changes[0].value", "write its unit: 85 degC"),
        ("TIC-101.SP=85 kg", "changes[0].value", "'kg' (mass)"),
        ("TIC-101.SP=85 degX", "changes[0].value", "unknown unit"),
        ("TIC-101.SP=400 degC", "changes[0].value", "outside 40 degC to 120 degC"),
        ("TIC-101.SP=hot", "changes[0].value", "no quantity"),
        ("TIC-101.MODE=OFF", "changes[0].value", "write one of MAN, AUTO, CAS"),
        ("TIC-101.MODE=MAN over 1 h", "changes[0].over", "leave out 'over'"),
        ("TIC-101.SP=85 degC over soon", "changes[0].over", "no duration"),
        ("TIC-101.SP=85 degC at 9 h", "changes[0].at", "beyond the horizon '8h'"),
        ("TIC-101.SP=85 degC at 1 h at 2 h", "changes[0].at", "stands twice"),
        ("TIC-101.SP", "changes[0]", "TIC-101.SP=85 degC over 30 min"),
    ],
)
def test_an_impossible_change_names_field_value_and_remedy(text, path, words):
    told = faults(text)
    assert list(told) == [path]
    assert words in told[path]


@pytest.mark.parametrize("horizon", ["10 years", "-8 h", "0 s", "soon", "8", "8 kg", ""])
def test_an_impossible_horizon_is_refused(horizon):
    assert list(faults(horizon=horizon)) == ["horizon"]


def test_ten_years_are_refused_with_what_the_model_can_tell():
    assert faults(horizon="10 years")["horizon"].endswith("ask for 72 h at most")


def test_the_output_interval_is_a_part_of_the_horizon():
    assert list(faults(every="9 h")) == ["every"]
    assert list(faults(every="0.1 s")) == ["every"]
    assert "give 13 s or more" in faults(horizon="72 h", every="2 s")["every"]


def test_all_faults_are_told_at_once():
    assert list(faults("TIC-9.SP=1 degC", "TIC-101.SP=400 degC", horizon="10 years")) == [
        "horizon", "changes[0].name", "changes[1].value",
    ]  # fmt: skip


def test_one_input_does_not_change_twice_at_a_time():
    assert list(faults("TIC-101.SP=85 degC over 1 h", "TIC-101.SP=90 degC at 30 min")) == ["changes[1]"]
    assert len(parsed("TIC-101.SP=85 degC over 1 h", "TIC-101.SP=90 degC at 2 h").changes) == 2


def test_no_change_is_the_base_case():
    base = parsed(horizon="25 s")
    assert base.changes == ()
    assert base.times_s.tolist() == [0.0, 10.0, 20.0, 25.0]
    assert parsed(horizon="30 s").times_s.tolist() == [0.0, 10.0, 20.0, 30.0]


def test_breaks_are_where_something_begins_or_ends():
    scenario = parsed("TIC-101.SP=85 degC over 30 min at 1 h", "LIC-101.OP=40 % over 10 h at 2 h")
    assert scenario.breaks_s == (0.0, 3600.0, 5400.0, 7200.0, 28800.0)


@given(at=st.floats(0, 7200), start=st.integers(0, 3600), over=st.integers(0, 3600), goal=st.floats(40, 120))
def test_a_ramp_leads_from_what_was_to_what_is_wanted(at, start, over, goal):
    change = Change(name="TIC-101.SP", value=goal, unit="degC", start_s=start, over_s=over)
    value = value_at([change], {"TIC-101.SP": 80.0}, at).get("TIC-101.SP", 80.0)
    assert min(80.0, goal) - 1e-9 <= value <= max(80.0, goal) + 1e-9
    if at < start:
        assert value == 80.0
    if at >= start + over:
        assert value == goal


@given(minutes=st.integers(1, 72 * 60), every=st.integers(13, 60))
def test_times_rise_from_zero_to_the_horizon(minutes, every):
    times = parsed(horizon=f"{minutes} min", every=f"{every} s").times_s
    assert times[0] == 0.0
    assert times[-1] == 60.0 * minutes
    assert np.all(np.diff(times) > 0)
