"""Simulators that solve steady states keep the contract of all models: Aspen Plus, HYSYS, programs with files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing

import pytest

from tests.contracts.matrix.fake_com import FakeCom
from tests.contracts.matrix.steady_files import TWIN, program, steady_file
from twin.matrix.aspen_plus import AspenPlus
from twin.matrix.contract import ModelCase, ProcessModelContract
from twin.matrix.gproms import open_gproms
from twin.matrix.hysys import Hysys
from twin.matrix.simulator_process import Session
from twin.matrix.steady_simulator import SteadySimulator


class Directly:
    """A session in this process, without the safety of one of its own (see `test_simulator_process.py`)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def solve(
        self, inputs: Mapping[str, float], outputs: Sequence[str], ask: Callable[[], None]
    ) -> Mapping[str, float]:
        def stopped() -> bool:
            ask()
            return False

        return self._session.solve(inputs, outputs, stopped)


def aspen(folder) -> Iterator[SteadySimulator]:
    file = steady_file(folder, "aspen-plus")
    com = FakeCom(folder, "Apwn.Document.38.0", run_s=0.03)
    with closing(AspenPlus(file.model, ("Apwn.Document", com.registered), com)) as session:
        yield SteadySimulator(file, Directly(session))


def hysys(folder) -> Iterator[SteadySimulator]:
    file = steady_file(folder, "hysys")
    com = FakeCom(folder, "HYSYS.Application", run_s=0.03)
    with closing(Hysys(file.model, (com.registered,), com)) as session:
        yield SteadySimulator(file, Directly(session))


def file_program(folder) -> Iterator[SteadySimulator]:
    yield open_gproms(steady_file(folder, "gproms", program()))


class TestSteadySimulators(ProcessModelContract):
    @pytest.fixture(scope="class", params=[aspen, hysys, file_program], ids=lambda make: make.__name__)
    @staticmethod
    def case(request, tmp_path_factory) -> Iterator[ModelCase]:
        for made in request.param(tmp_path_factory.mktemp("steady")):
            yield ModelCase(
                make=lambda made=made: made,
                twin=TWIN,
                changes=("TIC-101.SP=85 degC", "FIC-102.SP=5 kg/s at 5 min"),
                same_changes=("TIC-101.SP=358.15 K", "FIC-102.SP=18000 kg/h at 300 s"),
                watched="AI-101P.PV",
            )
