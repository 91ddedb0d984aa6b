"""Aspen Plus and HYSYS as they behave over COM, with the Williams-Otto reactor inside, and what can go wrong with them.

A fault is one of the words at `FakeCom`; it happens as often as `times` says, counted in a file, because a simulator
that is started afresh lives in another process.
"""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from twin.matrix.williams_otto.equations import E, P
from twin.matrix.williams_otto.steady_state import Demand, NoSteadyStateError, fractions

FEED_B = r"\Data\Streams\B\Input\TOTFLOW\MIXED"
TEMPERATURE = r"\Data\Blocks\R1\Input\TEMP"
SHARE_P = r"\Data\Streams\PRODUCT\Output\MASSFRAC\MIXED\P"
SHARE_E = r"\Data\Streams\PRODUCT\Output\MASSFRAC\MIXED\E"
STATUS = r"\Data\Results Summary\Run-Status\Output\UOSSTAT2"
MESSAGES = r"\Data\Results Summary\Run-Status\Output\PER_ERROR"

SERVER_UNAVAILABLE, CALL_REJECTED, CLASS_NOT_REGISTERED, EXCEPTION = -2147023174, -2147418111, -2147221164, -2147352567


class ComError(Exception):
    """As pywin32 raises it: code, text, and what the program said."""

    def __init__(self, hresult: int, strerror: str, said: str = "", inner: int = 0) -> None:
        super().__init__(hresult, strerror)
        self.hresult, self.strerror = hresult, strerror
        self.excepinfo = (0, "program", said, None, 0, inner) if said else None


@dataclass(frozen=True)
class FakeCom:
    """Starts the programs of `registered`; goes by reference into the simulator's process.

    Faults: hangs (runs for ever and does not hear a stop), crashes, gone, busy, licence, licence-in-run, diverges,
    warns, stale, clips, moves, unknown. While a file `slow` is there a run goes on until it is stopped.
    """

    folder: Path
    registered: str
    fault: str = ""
    times: int = 1_000_000
    run_s: float = 0.0

    def create(self, program: str) -> object:
        if program != self.registered:
            raise ComError(CLASS_NOT_REGISTERED, "Class not registered")
        if self.happens("licence"):
            raise ComError(EXCEPTION, "Exception occurred", "Failed to obtain license token", -2147467259)
        self.note("started")
        return FakeAspen(self) if program.startswith("Apwn") else FakeHysys(self)

    def pump(self) -> None:
        """No messages here."""

    def happens(self, fault: str) -> bool:
        if fault != self.fault or self.count("fault") >= self.times:
            return False
        self.note("fault")
        return True

    def note(self, what: str) -> None:
        with (self.folder / what).open("a") as file:
            file.write(f"{os.getpid()}\n")

    def count(self, what: str) -> int:
        path = self.folder / what
        return len(path.read_text().splitlines()) if path.exists() else 0


def reactor(feed_b: float, temperature: float, memory: float) -> dict[str, float]:
    """Shares by component; `memory` is what a run before leaves behind where nobody reinitialises."""
    shares = fractions(Demand(feed_b=feed_b, temperature_c=temperature))
    return {"P": float(shares[P]) + memory, "E": float(shares[E])}


class FakeAspen:
    """`Apwn.Document`."""

    def __init__(self, com: FakeCom) -> None:
        self.com, self.SuppressDialogs, self.Visible = com, 0, 1
        self.Tree, self.Engine, self.Name = self, self, "Aspen Plus 38.0 OLE Services"
        # What a killed run must not leave behind: it holds a licence.
        self._program = subprocess.Popen(["sleep", "600"])
        self.ProcessId = self._program.pid
        (com.folder / "pid").write_text(str(self.ProcessId))
        self._nodes: dict[str, float | int | None] = {}
        self._memory, self._ends, self._closed = 0.0, 0.0, False

    def InitFromArchive2(self, path: str) -> None:
        assert self.SuppressDialogs
        assert Path(path).is_absolute()
        self._nodes = {FEED_B: 4.787 * 3600.0, TEMPERATURE: 80.0, SHARE_P: 0.0, SHARE_E: 0.0, STATUS: None}

    def Reinit(self) -> None:
        self._busy()
        self._memory = 0.0
        self._nodes |= {SHARE_P: 0.0, SHARE_E: 0.0, STATUS: None}

    def FindNode(self, path: str) -> object:
        if path == MESSAGES:
            licence = self.com.fault == "licence-in-run" and self._nodes[STATUS] == 9
            said = ["The license was lost", "during the run"] if licence else ["Block R1 has", "not converged", " "]
            return SimpleNamespace(Elements=[SimpleNamespace(Value=each) for each in said])
        return FakeNode(self, path) if path in self._nodes else None

    def value(self, path: str) -> float | int | None:
        return self._nodes[path]

    def put(self, path: str, value: float) -> None:
        self._nodes[path] = min(value, 90.0) if self.com.fault == "clips" and path == TEMPERATURE else value

    def Run2(self, background: bool) -> None:
        assert background
        self.com.note("run")
        if self.com.happens("crashes"):
            os._exit(3)
        if self.com.happens("gone"):
            raise ComError(SERVER_UNAVAILABLE, "The RPC server is unavailable")
        hangs = self.com.happens("hangs")
        self._ends = time.monotonic() + (1e9 if hangs or (self.com.folder / "slow").exists() else self.com.run_s)
        self._stops = not hangs

    @property
    def IsRunning(self) -> bool:
        if time.monotonic() < self._ends:
            return True
        self._solve()
        return False

    def Stop(self) -> None:
        if self._closed:
            raise ComError(SERVER_UNAVAILABLE, "closed")
        if getattr(self, "_stops", True):
            self._ends = 0.0
            self.com.note("stopped")

    def Close(self) -> None:
        self._closed = True
        self._program.kill()
        self._program.wait()
        self.com.note("closed")

    def _solve(self) -> None:
        if self.com.happens("licence-in-run") or self.com.happens("diverges"):
            self._nodes[STATUS] = 9
            return
        if self.com.happens("stale"):
            return
        try:
            shares = reactor(self._nodes[FEED_B] / 3600.0, self._nodes[TEMPERATURE], self._memory)
        except NoSteadyStateError:
            self._nodes[STATUS] = 9
            return
        self._nodes |= {SHARE_P: shares["P"], SHARE_E: shares["E"], STATUS: 10 if self.com.fault == "warns" else 8}
        self._memory = 0.01

    def _busy(self) -> None:
        if self.com.happens("busy"):
            raise ComError(CALL_REJECTED, "Call was rejected by callee")


class FakeNode:
    """A node of Aspen's tree."""

    def __init__(self, document: FakeAspen, path: str) -> None:
        self._document, self._path = document, path

    @property
    def Value(self) -> float | int | None:
        return self._document.value(self._path)

    @Value.setter
    def Value(self, value: float) -> None:
        self._document.put(self._path, value)


class FakeHysys:
    """`HYSYS.Application` with one case."""

    def __init__(self, com: FakeCom) -> None:
        self.com, self.Visible = com, True
        self.SimulationCases, self.Flowsheet, self.Solver = self, self, self
        self.feed = {"MassFlow": 4.787 * 3600.0, "Temperature": 80.0}
        self.shares: dict[str, float] = {}
        self.sheet = FakeSheet(self)
        self._can_solve, self._ends, self.IsValid, self.reads = True, 0.0, False, 0

    def Open(self, path: str) -> FakeHysys:
        assert Path(path).is_absolute()
        return self

    @property
    def MaterialStreams(self) -> object:
        return SimpleNamespace(Item=lambda name: {"B": FakeStream(self)}[name])

    @property
    def Operations(self) -> object:
        return SimpleNamespace(Item=lambda name: {"SPRDSHT-1": self.sheet}[name])

    @property
    def CanSolve(self) -> bool:
        return self._can_solve

    @CanSolve.setter
    def CanSolve(self, value: bool) -> None:
        self._can_solve = value
        if not value:
            self._ends = 0.0
        else:
            self.com.note("run")
            if self.com.happens("crashes"):
                os._exit(3)
            self._ends = time.monotonic() + (1e9 if self.com.happens("hangs") else self.com.run_s)
            self.IsValid = not self.com.happens("diverges")
            shares = reactor(self.feed["MassFlow"] / 3600.0, self.feed["Temperature"], 0.0)
            self.shares = {"B2": shares["P"], "B3": -32767.0 if self.com.happens("unknown") else shares["E"]}

    @property
    def IsSolving(self) -> bool:
        return time.monotonic() < self._ends

    def written(self) -> None:
        """Whoever writes while the solver may act has it solve a case that is half written."""
        self.com.note("half-written" if self._can_solve else "written")

    def Close(self, save: bool) -> None:
        assert not save
        self.com.note("closed")

    def Quit(self) -> None:
        self.com.note("quit")


class FakeStream:
    def __init__(self, case: FakeHysys) -> None:
        self.MassFlow = FakeQuantity(case, "MassFlow", {"kg/h": 1.0, "kg/s": 3600.0})
        self.Temperature = FakeQuantity(case, "Temperature", {"C": 1.0})
        self.VapourFraction = FakeQuantity(case, "VapourFraction", {"": 1.0}, writable=False)


class FakeQuantity:
    def __init__(self, case: FakeHysys, name: str, units: dict[str, float], writable: bool = True) -> None:
        self._case, self._name, self._units, self.CanModify = case, name, units, writable

    @property
    def IsKnown(self) -> bool:
        return self._name in self._case.feed

    def SetValue(self, value: float, unit: str) -> None:
        self._case.written()
        self._case.feed[self._name] = value * self._units[unit]

    def GetValue(self, unit: str) -> float:
        return self._case.feed[self._name] / self._units[unit]


class FakeSheet:
    """A spreadsheet within the case."""

    def __init__(self, case: FakeHysys) -> None:
        self._case = case

    def Cell(self, name: str) -> object:
        self._case.reads += 1
        moves = 1e-4 * self._case.reads if self._case.com.fault == "moves" else 0.0
        return SimpleNamespace(CellValue=self._case.shares[name] + moves)
