r"""Aspen Plus behind the port of process models, over COM and in a process of its own.

Places are node paths as Aspen's Variable Explorer shows them, like `\Data\Streams\S1\Input\TEMP\MIXED`. Every run
begins from a reinitialised model, because otherwise its answer depends on the runs before; results are read only after
Aspen's own status says that they belong to this run.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from twin.matrix import com
from twin.matrix.errors import (
    DivergedError,
    LicenceError,
    OutOfRangeError,
    SimulationCancelledError,
    UnusableModelError,
)
from twin.matrix.port import ProcessModel
from twin.matrix.simulator_file import SimulatorFile
from twin.matrix.simulator_process import SimulatorProcess
from twin.matrix.steady_simulator import SteadySimulator

NAME: Final = "Aspen Plus"
PROGRAMS: Final = ("Apwn.Document", *(f"Apwn.Document.{release}.0" for release in range(45, 33, -1)))
"""Some installations register names with their release only; 34 is V8.8, 38 is V14."""

STATUS: Final = r"\Data\Results Summary\Run-Status\Output\UOSSTAT2"
MESSAGES: Final = r"\Data\Results Summary\Run-Status\Output\PER_ERROR"
CONVERGED: Final = frozenset({8, 10})
"""Of `STATUS`: 8 is without faults, 10 with warnings, 9 is not converged."""

_CLOSINGS: Final = 15
_CLIPPED: Final = 1e-6


def open_aspen_plus(file: SimulatorFile, through: com.Com | None = None) -> ProcessModel:
    """The model of a simulator file for Aspen Plus; it is started with the first question."""
    programs = file.form.com.programs or PROGRAMS
    opener = partial(AspenPlus, file.model, programs, through or com.WindowsCom())
    process = SimulatorProcess(opener, NAME, file.seconds["timeout"], file.form.com.restart_every)
    return SteadySimulator(file, process)


class AspenPlus:
    """An open document of Aspen Plus; see `twin.matrix.simulator_process.Session`."""

    def __init__(self, model: Path, programs: Sequence[str], through: com.Com) -> None:
        self._com = through
        self._document = com.start(through, programs, NAME)
        with com.translated(NAME, f"opening {model.name}"):
            # A dialog that nobody sees would wait for ever.
            self._document.SuppressDialogs = 1
            self._document.Visible = 0
            is_archive = model.suffix.casefold() in (".bkp", ".apwz")
            opening = self._document.InitFromArchive2 if is_archive else self._document.InitFromFile2
            com.patiently(lambda: opening(str(model)))
            self.processes: Sequence[int] = (int(self._document.ProcessId),)

    def solve(
        self, inputs: Mapping[str, float], outputs: Sequence[str], stopped: Callable[[], bool]
    ) -> Mapping[str, float]:
        """Write, run and read; raises `DivergedError` where Aspen says that it has not converged."""
        with com.translated(NAME, "writing"):
            com.patiently(self._document.Reinit)
            for place, value in inputs.items():
                self._write(place, value)
        with com.translated(NAME, "running"):
            self._run(stopped)
            self._check()
        with com.translated(NAME, "reading"):
            return {place: self._number(place) for place in outputs}

    def close(self) -> None:
        """Close the document, again until it is gone: Aspen does not always hear the first time."""
        for _ in range(_CLOSINGS):
            try:
                self._document.Engine.Stop()
                self._document.Close()
            except Exception:  # nothing there to be closed any more
                return

    def _node(self, place: str) -> Any:
        node = com.patiently(lambda: self._document.Tree.FindNode(place))
        if node is None:
            raise UnusableModelError(
                f"{NAME} has no node {place}", remedy="copy the path from the Variable Explorer into the simulator file"
            )
        return node

    def _write(self, place: str, value: float) -> None:
        node = self._node(place)

        def write() -> None:
            node.Value = value

        com.patiently(write)
        held = node.Value
        if held is None or abs(held - value) > _CLIPPED * max(1.0, abs(value)):
            raise OutOfRangeError(f"{NAME} made {held} of {value:g} at {place}", remedy="ask for a value that it takes")

    def _run(self, stopped: Callable[[], bool]) -> None:
        engine = self._document.Engine
        com.patiently(lambda: engine.Run2(True))
        stopping = False
        # Told to stop, it must really stand still: whoever waits for that kills one that does not.
        while com.patiently(lambda: engine.IsRunning):
            if not stopping and stopped():
                engine.Stop()
                stopping = True
            self._com.pump()
            time.sleep(0.02)
        if stopping:
            raise SimulationCancelledError

    def _check(self) -> None:
        status = self._document.Tree.FindNode(STATUS)
        code = None if status is None else status.Value
        if code in CONVERGED:
            return
        said = self._messages()
        if com.speaks_of_licence(said):
            raise LicenceError(f"{NAME}: {said}", remedy="check the licence server; the question may be asked again")
        raise DivergedError(
            f"{NAME} has not converged (status {code}): {said or 'it gives no reason'}",
            remedy="make the change smaller, or open the model and run it by hand",
        )

    def _messages(self) -> str:
        node = self._document.Tree.FindNode(MESSAGES)
        if node is None:
            return ""
        lines = [str(line.Value).strip() for line in node.Elements]
        return " ".join(line for line in lines if line)

    def _number(self, place: str) -> float:
        value = self._node(place).Value
        return float("nan") if value is None else float(value)
