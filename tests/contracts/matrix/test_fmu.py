"""FMUs keep the contract of all models: FMI 2 and 3, co-simulation and model exchange, with and without their state."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contracts.matrix.tank_fmus import c_tank, python_tank, simulator_file
from twin.matrix.contract import ModelCase, ProcessModelContract
from twin.matrix.fmu import open_fmu
from twin.matrix.simulator_file import read_simulator
from twin.matrix.snapshot import TwinSnapshot

pytest.importorskip("fmpy", reason="the extra 'fmu' is not installed")

TWIN = TwinSnapshot("tank", {"TI-1.PV": 323.15, "TIC-1.OP": 40.0}, {"TI-1.PV": "K", "TIC-1.OP": "%"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("fmus")


def case_of(file: Path) -> ModelCase:
    return ModelCase(
        make=lambda: open_fmu(read_simulator(file)),
        twin=TWIN,
        changes=("TIC-1.OP=60 percent over 1 min",),
        same_changes=("TIC-1.OP=60 % over 60 s",),
        watched="TI-1.PV",
        long_horizon="2 h",
    )


FMUS = {
    "fmi2-co-simulation": lambda folder: simulator_file(c_tank(folder, 2), "interface: co-simulation"),
    "fmi2-model-exchange": lambda folder: simulator_file(c_tank(folder, 2), "interface: model-exchange"),
    "fmi3-co-simulation": lambda folder: simulator_file(c_tank(folder, 3), "interface: co-simulation"),
    "fmi3-model-exchange": lambda folder: simulator_file(c_tank(folder, 3), "interface: model-exchange, step: 2 s"),
    "fixed-steps": lambda folder: simulator_file(c_tank(folder, 2, variable_step=False)),
    "keeps-no-state": lambda folder: simulator_file(c_tank(folder, 3, keeps_state=False, lag="fixed")),
    "pythonfmu": lambda folder: simulator_file(python_tank(folder)),
}


class TestFmu(ProcessModelContract):
    @pytest.fixture(scope="class", params=FMUS)
    @staticmethod
    def case(request, folder) -> ModelCase:
        return case_of(FMUS[request.param](folder))
