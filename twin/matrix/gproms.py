"""Programs that read a file and write one behind the port of process models, as gPROMS' gO:Run does.

A gPROMS model that is exported as an FMU is dynamic and belongs to `twin.matrix.fmu`. This is for the other export, an
encrypted process that a batch engine runs once for each operating point. The command of the simulator file is called
with the paths of the model and of two files:

    <simulation><input name="Feed" value="4.5" /> ... <output name="Yield" /> ... </simulation>
    <results><output name="Yield" value="0.83" /> ... </results>

It writes the second, and ends with exit code 0 where the results count. Otherwise a `message` in it, or standard error,
says why; a licence that is not there is known by its words.
"""

import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from os import SEEK_END
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from twin.matrix.com import speaks_of_licence
from twin.matrix.errors import (
    CrashedError,
    DivergedError,
    LicenceError,
    MatrixError,
    MissingSimulatorError,
    SimulationTimeoutError,
)
from twin.matrix.port import ProcessModel
from twin.matrix.process_tree import kill_tree
from twin.matrix.simulator_file import SimulatorFile
from twin.matrix.steady_simulator import SteadySimulator

_ASKED_EVERY_S: Final = 0.05
_LONGEST_TOLD: Final = 400
_LARGEST_RESULTS: Final = 10_000_000


def open_gproms(file: SimulatorFile) -> ProcessModel:
    """The model of a simulator file whose command runs it."""
    return SteadySimulator(file, FileProgram(file.form.run.command, file.model, file.seconds["timeout"]))


class FileProgram:
    """Runs a command for each operating point; see `twin.matrix.steady_simulator.Solver`."""

    def __init__(self, command: Sequence[str], model: Path, timeout_s: float) -> None:
        self._command, self._model, self._timeout_s = command, model, timeout_s

    def solve(
        self, inputs: Mapping[str, float], outputs: Sequence[str], ask: Callable[[], None]
    ) -> Mapping[str, float]:
        """One run in a folder of its own, which is gone afterwards.

        Raises
        ------
        MissingSimulatorError
            Where the program is not there.
        DivergedError, LicenceError, SimulationTimeoutError, CrashedError
            Where it tells of no solution or licence, takes too long, or leaves no results.
        """
        with tempfile.TemporaryDirectory(prefix="atlas-run-") as folder:
            asked, told = Path(folder, "input.xml"), Path(folder, "output.xml")
            asked.write_bytes(_question(inputs, outputs))
            paths = {"{model}": str(self._model), "{input}": str(asked), "{output}": str(told)}
            command = [_filled(part, paths) for part in self._command]
            with Path(folder, "said.txt").open("w+b") as said:
                code = self._run(command, folder, said.fileno(), ask)
                said.seek(max(0, said.seek(0, SEEK_END) - _LONGEST_TOLD))
                words = said.read().decode("utf-8", "replace").strip()
            return _results(command[0], code, told, words)

    def _run(self, command: Sequence[str], folder: str, said: int, ask: Callable[[], None]) -> int:
        try:
            process = subprocess.Popen(  # noqa: S603 - the command is the operator's
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said
            )
        except OSError as error:
            raise MissingSimulatorError(
                f"{command[0]} cannot be started: {error}", remedy="install it, or mend 'run: command'"
            ) from error
        deadline = time.monotonic() + self._timeout_s
        try:
            while (code := process.poll()) is None:
                ask()
                if time.monotonic() > deadline:
                    raise SimulationTimeoutError(
                        f"{command[0]} took longer than {self._timeout_s:g} s",
                        remedy="raise 'timeout', or ask for less",
                    )
                time.sleep(_ASKED_EVERY_S)
            return code
        finally:
            if process.poll() is None:
                kill_tree(process.pid)
                process.wait()


def _filled(part: str, paths: Mapping[str, str]) -> str:
    for name, path in paths.items():
        part = part.replace(name, path)
    return part


def _question(inputs: Mapping[str, float], outputs: Sequence[str]) -> bytes:
    root = ElementTree.Element("simulation")
    for name, value in inputs.items():
        ElementTree.SubElement(root, "input", name=name, value=repr(value))
    for name in outputs:
        ElementTree.SubElement(root, "output", name=name)
    told: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return told


def _results(program: str, code: int, told: Path, words: str) -> Mapping[str, float]:
    values: dict[str, float] = {}
    readable = False
    with suppress(OSError, ElementTree.ParseError, ValueError, KeyError):
        if told.stat().st_size <= _LARGEST_RESULTS:
            root = ElementTree.parse(told).getroot()  # noqa: S314 - Python's expat refuses entities that multiply
            values = {each.attrib["name"]: float(each.attrib["value"]) for each in root.iter("output")}
            words = " ".join([words, *(each.text or "" for each in root.iter("message"))]).strip()
            readable = True
    if code == 0 and readable:
        return values
    raise _failure(program, code, readable, words)


def _failure(program: str, code: int, readable: bool, words: str) -> MatrixError:
    message = f"{program} failed (exit code {code}): {words or 'it gives no reason'}"
    if speaks_of_licence(words):
        return LicenceError(message, remedy="check the licence server; the question may be asked again")
    if code < 0 or (code == 0 and not readable):
        return CrashedError(message, remedy="ask again; run the command by hand where it happens again")
    return DivergedError(message, remedy="make the change smaller, or run the model by hand")
