from __future__ import annotations

import shutil
import zipfile
from math import exp
from pathlib import Path

import numpy as np
import pytest

from tests.contracts.matrix.tank_fmus import c_tank, simulator_file
from twin.matrix import fmu_instance
from twin.matrix.errors import (
    CrashedError,
    DivergedError,
    MatrixError,
    MissingSimulatorError,
    ScenarioError,
    UnsupportedError,
    UnusableModelError,
)
from twin.matrix.fmu import SteppableFmu, open_fmu
from twin.matrix.fmu_instance import FmuInstance
from twin.matrix.scenario import Scenario
from twin.matrix.simulator_file import read_simulator
from twin.matrix.snapshot import TwinSnapshot

pytest.importorskip("fmpy", reason="the extra 'fmu' is not installed")
pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="a C compiler builds the FMUs of these tests")

TWIN = TwinSnapshot("tank", {"TI-1.PV": 50.0, "TIC-1.OP": 40.0}, {"TI-1.PV": "degC", "TIC-1.OP": "percent"})
LAG_S = 120.0
BOTH = pytest.mark.parametrize("interface", ["co-simulation", "model-exchange"])
VERSIONS = pytest.mark.parametrize("version", [2, 3])


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("fmus")


def opened(folder, version=2, options="", **fmu):
    return open_fmu(read_simulator(simulator_file(c_tank(folder, version, **fmu), options)))


def asked(model, *changes, horizon="10 min"):
    return Scenario.parse(changes, horizon, model.declaration)


@VERSIONS
@BOTH
def test_it_solves_the_equation_in_the_plants_units(folder, version, interface):
    model = opened(folder, version, f"interface: {interface}")
    state = model.start(TWIN)
    assert state.states == pytest.approx(50.0)
    assert state.parameters == pytest.approx(2.0)
    told = model.simulate(state, asked(model, "TIC-1.OP=60 percent"))
    exact = 70.0 - 20.0 * np.exp(-told.times_s / LAG_S)
    np.testing.assert_allclose(told["TI-1.PV"][0], exact, atol=5e-3)
    assert told["TIC-1.OP"][0, 0] == 60.0


@VERSIONS
@BOTH
def test_a_tunable_parameter_may_change_and_a_replaced_one_is_heard(folder, version, interface):
    model = opened(folder, version, f"interface: {interface}")
    state = model.start(TWIN)
    assert isinstance(model, SteppableFmu)
    slower = model.follow(state.with_parameters([[10.0]]), {"TIC-1.OP": 60.0})
    assert model.outputs(model.step(slower, 60.0))[0, 0] == pytest.approx(70.0 - 20.0 * exp(-0.1), abs=5e-3)
    told = model.simulate(model.follow(state, {"TIC-1.OP": 60.0}), asked(model, "lag=10 min", horizon="60 s"))
    assert told["TI-1.PV"][0, -1] == pytest.approx(70.0 - 20.0 * exp(-0.1), abs=5e-3)


@VERSIONS
def test_model_exchange_finds_the_moment_of_an_event(folder, version):
    instance = FmuInstance(c_tank(folder, version), "model-exchange", 10.0, 1e-6)
    instance.begin({"heater": 100.0, "T0": 323.15, "lag": 100.0})
    crossed = -100.0 * np.log((383.15 - 360.0) / (383.15 - 323.15))
    instance.advance_to(float(np.floor(crossed)))
    assert instance.read(["boils"]).tolist() == [0.0]
    instance.advance_to(float(np.ceil(crossed)))
    assert instance.read(["boils", "T"]).tolist() == [1.0, pytest.approx(360.0, abs=0.3)]


@VERSIONS
@BOTH
def test_a_simulation_that_ends_itself_is_a_trip(folder, version, interface):
    model = opened(folder, version, f"interface: {interface}")
    hot = TwinSnapshot("tank", {"TI-1.PV": 120.0, "TIC-1.OP": 40.0}, TWIN.units)
    told = model.simulate(model.start(hot), asked(model))
    assert told.trips[0] is not None
    assert "ended the simulation" in told.trips[0].reason
    assert np.isnan(told["TI-1.PV"][0, -1])


def test_what_has_no_solution_diverges_with_a_remedy(folder):
    model = opened(folder, 2, "interface: co-simulation")
    state = model.start(TWIN)
    before = model.simulate(state, asked(model)).values
    with pytest.raises(DivergedError, match="make the change smaller"):
        model.simulate(state.with_parameters([[-1.0]]), asked(model))
    np.testing.assert_array_equal(model.simulate(state, asked(model)).values, before)


def test_after_a_fatal_error_another_instance_answers(folder, monkeypatch):
    model = opened(folder, 2, "interface: co-simulation")
    state = model.start(TWIN)
    failing = model._fmu._fmu

    def fatal(**arguments):
        error = RuntimeError("fatal")
        error.status = 4
        raise error

    monkeypatch.setattr(failing, "doStep", fatal)
    monkeypatch.setattr(failing, "freeInstance", fatal)
    with pytest.raises(CrashedError, match="ask again"):
        model.simulate(state, asked(model))
    assert model.simulate(state, asked(model)).trips == (None,)


def test_a_fixed_parameter_is_refused_and_a_start_state_stays_without_the_fmus_own_state(folder):
    model = opened(folder, 3, keeps_state=False, lag="fixed")
    assert model.declaration.capabilities == {"cancel"}
    warm = model.start(TWIN).with_states([[60.0]])
    assert model.simulate(warm, asked(model))["TI-1.PV"][0, 0] == pytest.approx(60.0)
    with pytest.raises(ScenarioError, match="fixed while the FMU runs"):
        model.simulate(warm, asked(model, "lag=3 min"))


def test_states_of_co_simulation_cannot_be_replaced(folder):
    model = opened(folder, 2, "interface: co-simulation")
    state = model.start(TWIN)
    assert "state" not in model.declaration.capabilities
    with pytest.raises(UnsupportedError, match="model exchange"):
        model.simulate(state.with_states([[60.0]]), asked(model))


def test_controllers_inside_the_fmu_are_held_by_what_the_file_says(folder):
    model = opened(folder, 2, "hold: {heater: 0}")
    state = model.start(TWIN)
    held = model.step(state, LAG_S, hold=True)
    assert held.states[0, 0] == pytest.approx(10.0 + 40.0 * exp(-1.0), abs=5e-3)
    assert held.inputs == pytest.approx(40.0)


def test_fixed_steps_are_kept(folder):
    model = opened(folder, 2, "step: 20 s", variable_step=False)
    told = model.simulate(model.start(TWIN), asked(model, "TIC-1.OP=60 percent"))
    assert told["TI-1.PV"][0, -1] == pytest.approx(70.0 - 20.0 * exp(-600.0 / LAG_S), abs=5e-3)


def test_a_watch_is_asked_before_every_step_however_seldom_outputs_are_told(folder):
    model = opened(folder, 2, "interface: co-simulation")
    asked_at: list[float] = []
    scenario = Scenario(horizon_s=60.0, every_s=60.0)
    model.simulate(model.start(TWIN), scenario, asked_at.append)
    assert len(asked_at) == 62


def test_a_file_that_does_not_fit_the_fmu_is_told(folder, tmp_path):
    path = simulator_file(c_tank(folder, 2))
    path.write_text(path.read_text().replace("at: heater", "at: heatr", 1))
    with pytest.raises(UnusableModelError, match="did you mean 'heater'"):
        open_fmu(read_simulator(path))
    nothing = tmp_path / "nothing.fmu"
    nothing.write_text("no archive")
    with pytest.raises(UnusableModelError, match="is no FMU"):
        open_fmu(read_simulator(simulator_file(nothing)))


def test_an_fmu_of_another_machine_or_version_is_told(folder, tmp_path):
    for name, old, new, error, told in (
        (
            "windows.fmu",
            "binaries/linux64/tank.so",
            "binaries/win64/tank.dll",
            MissingSimulatorError,
            "built for win64",
        ),
        ("old.fmu", 'fmiVersion="2.0"', 'fmiVersion="1.0" numberOfContinuousStates="1"', UnusableModelError, "FMI 1.0"),
    ):
        path = tmp_path / name
        with zipfile.ZipFile(c_tank(folder, 2)) as source, zipfile.ZipFile(path, "w") as target:
            for member in source.namelist():
                content = source.read(member)
                if member.endswith(".xml"):
                    content = content.replace(old.encode(), new.encode())
                target.writestr(member.replace(old, new), content)
        with pytest.raises(error, match=told):
            open_fmu(read_simulator(simulator_file(path)))


def test_without_fmpy_the_extra_is_named(folder, monkeypatch):
    def missing(name):
        raise ImportError(f"no module {name}")

    monkeypatch.setattr(fmu_instance, "import_module", missing)
    with pytest.raises(MissingSimulatorError, match="extra 'fmu'") as told:
        opened(folder)
    assert isinstance(told.value, MatrixError)
