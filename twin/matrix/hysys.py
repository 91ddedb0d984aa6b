"""Aspen HYSYS behind the port of process models, over COM and in a process of its own.

Places are paths through the case's flowsheet, with the unit as HYSYS writes it where the value has one:

    MaterialStreams/Feed/Temperature [C]
    Operations/TIC-100/SP [C]
    Operations/SPRDSHT-1/Cell(B2)/CellValue

HYSYS solves on every write. Its solver is therefore held while all inputs are written, and an answer counts only when
it is known and stands still.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from twin.matrix import com
from twin.matrix.errors import DivergedError, SimulationCancelledError, UnusableModelError
from twin.matrix.port import ProcessModel
from twin.matrix.simulator_file import SimulatorFile
from twin.matrix.simulator_process import SimulatorProcess
from twin.matrix.steady_simulator import SteadySimulator

NAME: Final = "Aspen HYSYS"
PROGRAMS: Final = (
    *(f"HYSYS.Application.NewInstance.V{release}.0" for release in range(16, 9, -1)),
    "HYSYS.Application.NewInstance",
    "HYSYS.Application",
)
UNKNOWN: Final = -32767.0
"""What HYSYS gives for a value that it does not know."""

_COLLECTIONS: Final = frozenset({"Flowsheets", "MaterialStreams", "EnergyStreams", "Operations"})
_PLACE: Final = re.compile(r"(?P<path>[^\[\]]+?)\s*(\[(?P<unit>[^\[\]]+)\])?")
_CALL: Final = re.compile(r"(?P<name>\w+)\((?P<argument>[^()]*)\)")


def open_hysys(file: SimulatorFile, through: com.Com | None = None) -> ProcessModel:
    """The model of a simulator file for HYSYS; it is started with the first question."""
    programs = file.form.com.programs or PROGRAMS
    opener = partial(Hysys, file.model, programs, through or com.WindowsCom())
    process = SimulatorProcess(opener, NAME, file.seconds["timeout"], file.form.com.restart_every)
    return SteadySimulator(file, process)


class Hysys:
    """An open case of HYSYS; see `twin.matrix.simulator_process.Session`."""

    processes: Sequence[int] = ()
    """HYSYS does not tell its process: it ends when the last one that holds it does."""

    def __init__(self, model: Path, programs: Sequence[str], through: com.Com) -> None:
        self._com = through
        self._program = com.start(through, programs, NAME)
        with com.translated(NAME, f"opening {model.name}"):
            self._program.Visible = False
            self._case = com.patiently(lambda: self._program.SimulationCases.Open(str(model)))

    def solve(
        self, inputs: Mapping[str, float], outputs: Sequence[str], stopped: Callable[[], bool]
    ) -> Mapping[str, float]:
        """Write everything, then let it solve; raises `DivergedError` where a value stays unknown or keeps moving."""
        solver = self._case.Solver
        with com.translated(NAME, "writing"):
            solver.CanSolve = False
            for place, value in inputs.items():
                self._write(place, value)
        with com.translated(NAME, "solving"):
            solver.CanSolve = True
            self._wait(solver, stopped)
            if not self._case.IsValid:
                raise DivergedError(
                    f"{NAME} has not solved the case", remedy="make the change smaller, or open the case and look"
                )
        with com.translated(NAME, "reading"):
            told = {place: self._read(place) for place in outputs}
            again = {place: self._read(place) for place in outputs}
        if not np.array_equal(list(told.values()), list(again.values()), equal_nan=True):
            raise DivergedError(f"{NAME} still moves after solving", remedy="tighten the recycles' tolerances")
        return told

    def close(self) -> None:
        """Close the case without saving it, and the program."""
        with suppress(Exception):
            self._case.Close(False)
        with suppress(Exception):
            self._program.Quit()

    def _wait(self, solver: Any, stopped: Callable[[], bool]) -> None:
        stopping = False
        while com.patiently(lambda: solver.IsSolving):
            if not stopping and stopped():
                solver.CanSolve = False
                stopping = True
            self._com.pump()
            time.sleep(0.02)
        if stopping:
            raise SimulationCancelledError

    def _write(self, place: str, value: float) -> None:
        with _named(place):
            holder, name, unit = self._holder(place)
            if unit is None:
                com.patiently(lambda: setattr(holder, name, value))
                return
            quantity = _member(holder, name)
            if not quantity.CanModify:
                raise UnusableModelError(
                    f"{NAME} calculates {place}, it cannot be written",
                    remedy="specify it in the case, or write another",
                )
            com.patiently(lambda: quantity.SetValue(value, unit))

    def _read(self, place: str) -> float:
        with _named(place):
            holder, name, unit = self._holder(place)
            found = com.patiently(lambda: _member(holder, name))
            value = float(found if unit is None else found.GetValue(unit) if found.IsKnown else UNKNOWN)
        return float("nan") if value <= UNKNOWN else value

    def _holder(self, place: str) -> tuple[Any, str, str | None]:
        """The object whose last part is meant, that part, and the unit; raises `UnusableModelError`."""
        read = _PLACE.fullmatch(place)
        parts = read["path"].split("/") if read else []
        if read is None or len(parts) < 2:
            raise UnusableModelError(
                f"'{place}' is no place in {NAME}", remedy="write it like MaterialStreams/Feed/Temperature [C]"
            )
        return _walked(self._case.Flowsheet, parts[:-1]), parts[-1], read["unit"]


@contextmanager
def _named(place: str) -> Iterator[None]:
    try:
        yield
    except (AttributeError, KeyError) as error:
        raise UnusableModelError(
            f"{NAME} has nothing at {place}: {error}", remedy="check the path, upper and lower case too"
        ) from error


def _walked(holder: Any, parts: Sequence[str]) -> Any:
    """What stands at the end of a path: members, and items of collections by name."""
    left = iter(parts)
    for part in left:
        if part in _COLLECTIONS:
            item = next(left, None)
            if item is None:
                raise KeyError(f"which of {part}")
            holder = getattr(holder, part).Item(item)
        else:
            holder = _member(holder, part)
    return holder


def _member(holder: Any, part: str) -> Any:
    call = _CALL.fullmatch(part)
    return getattr(holder, call["name"])(call["argument"]) if call else getattr(holder, part)
