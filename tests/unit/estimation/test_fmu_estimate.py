"""The filter beside a plant whose model is an FMU for model exchange: any steppable model will do."""

import shutil

import numpy as np
import pytest

from tests.contracts.matrix.tank_fmus import c_tank, simulator_file
from twin.estimation.ensemble_filter import EnsembleFilter, Measured
from twin.estimation.plan import EstimatePlan, Instrument, Unknown
from twin.matrix.fmu import open_fmu
from twin.matrix.simulator_file import read_simulator
from twin.matrix.snapshot import TwinSnapshot

pytest.importorskip("fmpy", reason="the extra 'fmu' is not installed")

TRUE_LAG_MIN, STEP_S = 3.0, 30
PLAN = EstimatePlan(
    unknowns=(Unknown(name="temperature", spread=1.0, walk=0.1), Unknown(name="lag", spread=0.8, walk=0.0)),
    instruments=(Instrument(name="TI-1.PV", noise=0.2),),
    members=20,
)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="a C compiler builds the FMU of this test")
@pytest.mark.parametrize("version", [2, 3])
def test_it_finds_a_parameter_of_the_fmu_that_nobody_told(tmp_path, version):
    model = open_fmu(read_simulator(simulator_file(c_tank(tmp_path, version), "interface: model-exchange, step: 30 s")))
    told = TwinSnapshot("tank", {"TI-1.PV": 50.0, "TIC-1.OP": 40.0}, {"TI-1.PV": "degC", "TIC-1.OP": "percent"})
    start = model.start(told)
    plant = start.with_parameters([[TRUE_LAG_MIN]])
    estimator, rng = EnsembleFilter(model, PLAN), np.random.default_rng(3)
    estimate = estimator.start(start, 0, 1)
    for scan in range(60):
        heater = {"TIC-1.OP": 40.0 + 30.0 * (scan // 8 % 2)}
        plant = model.step(model.follow(plant, heater), STEP_S)
        now = estimate.time_s + STEP_S
        reading = float(model.outputs(plant)[0, 0] + 0.2 * rng.normal())
        estimate = estimator.advance(estimate, heater, STEP_S, (2, now))
        estimate = estimator.assimilate(estimate, [Measured("TI-1.PV", now, reading)], (3, now))
    lag = estimator.unknowns(estimate)["lag"]
    assert lag.mean == pytest.approx(TRUE_LAG_MIN, abs=3.0 * lag.spread)
    assert abs(lag.mean - TRUE_LAG_MIN) < 0.1
