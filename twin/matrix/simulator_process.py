"""A simulator in a process of its own: whatever it does, hang, crash or lose its licence, the caller gets an answer.

The process opens the simulator once and solves one operating point after another. It is asked to stop when the caller
loses interest or time runs out; if it does not within half a second it is killed, and so is the simulator that it
started, known by number and time of birth. The next question starts a fresh one.
"""

import contextlib
import multiprocessing
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final, Protocol

import psutil

from twin.matrix.errors import CrashedError, MatrixError, SimulationTimeoutError
from twin.matrix.process_tree import kill_tree

STOPS_WITHIN_S: Final = 0.5
"""How long a simulator gets to stop a run."""

OPENS_WITHIN_S: Final = 300.0
"""How long it gets to start and to open its model, unless a run may take longer."""

CLOSES_WITHIN_S: Final = 10.0
"""How long an idle one gets to close, which gives its licence back."""

IDLES_FOR_S: Final = 300.0
"""How long one that nobody asks stays open; it holds a licence."""

_ASKED_EVERY_S: Final = 0.1


class Session(Protocol):
    """A simulator that is open."""

    @property
    def processes(self) -> Sequence[int]:
        """Numbers of the processes that it runs in, where it runs beside ours."""

    def solve(
        self, inputs: Mapping[str, float], outputs: Sequence[str], stopped: Callable[[], bool]
    ) -> Mapping[str, float]:
        """Values of the places `outputs` once the places `inputs` have their values; all in the simulator's units.

        Raises
        ------
        MatrixError
            Where there is no solution, or the simulator gave up; `SimulationCancelledError` after `stopped`.
        """

    def close(self) -> None:
        """End the simulator."""


@dataclass(frozen=True)
class _Opened:
    processes: tuple[int, ...]


@dataclass(frozen=True)
class _Question:
    inputs: Mapping[str, float]
    outputs: Sequence[str]


class SimulatorProcess:
    """Opens sessions in a process of their own, and has them solve operating points.

    Parameters
    ----------
    opener
        Opens the simulator, called in the other process; it must be picklable.
    name
        What people call the simulator.
    timeout_s
        How long each run may take.
    restart_every
        Runs after which the simulator is started afresh: they leak.
    idles_for_s
        How long one that nobody asks stays open.
    """

    def __init__(
        self,
        opener: Callable[[], Session],
        name: str,
        timeout_s: float,
        restart_every: int,
        idles_for_s: float = IDLES_FOR_S,
    ) -> None:
        self._opener, self._name, self._timeout_s, self._restart_every = opener, name, timeout_s, restart_every
        self._idles_for_s = idles_for_s
        self._running: _Running | None = None

    def solve(
        self, inputs: Mapping[str, float], outputs: Sequence[str], ask: Callable[[], None]
    ) -> Mapping[str, float]:
        """One operating point; `ask` is called several times a second and ends it by raising.

        Raises
        ------
        SimulationTimeoutError, CrashedError
            Where the simulator hangs or ended.
        MatrixError
            What the session raised, and what `ask` raised.
        """
        if self._running is not None and (self._running.runs >= self._restart_every or self._running.is_gone):
            self.close()
        if self._running is None:
            self._running = _Running(self._opener, self._name, self._idles_for_s)
            self._wait(max(self._timeout_s, OPENS_WITHIN_S), ask)
        self._running.begin(_Question(inputs, outputs))
        values: Mapping[str, float] = self._wait(self._timeout_s, ask)
        return values

    def close(self) -> None:
        """End the simulator; the next question starts another."""
        if self._running is not None:
            self._running.end()
            self._running = None

    def _wait(self, timeout_s: float, ask: Callable[[], None]) -> Any:
        running = self._running
        assert running is not None  # noqa: S101 - only `solve` waits
        try:
            return running.wait(timeout_s, ask)
        except BaseException as error:
            # A point without a solution is an answer; after a crash or a lost licence only a fresh simulator helps.
            if not running.answered or (isinstance(error, MatrixError) and error.retryable):
                self.close()
            raise


class _Running:
    """One process with its simulator. `answered` says whether it waits for a question."""

    def __init__(self, opener: Callable[[], Session], name: str, idles_for_s: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._channel, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, opener, idles_for_s), name=f"atlas {name}", daemon=True)
        process.start()
        theirs.close()
        self._process, self._name = process, name
        self._born: dict[int, float] = {}
        self.runs, self.answered = 0, False
        self._end = weakref.finalize(self, _kill, self._channel, process, self._born)

    @property
    def is_gone(self) -> bool:
        """Whether it closed itself, because nobody asked for a while."""
        return self._channel.poll()

    def begin(self, question: _Question) -> None:
        self.runs, self.answered = self.runs + 1, False
        with contextlib.suppress(OSError):  # told by `wait`, which finds nothing
            self._channel.send(question)

    def wait(self, timeout_s: float, ask: Callable[[], None]) -> Any:
        deadline = time.monotonic() + timeout_s
        while not self._channel.poll(_ASKED_EVERY_S):
            try:
                ask()
                if time.monotonic() > deadline:
                    raise SimulationTimeoutError(
                        f"{self._name} took longer than {timeout_s:g} s", remedy="raise 'timeout', or ask for less"
                    )
            except BaseException:
                self._stop()
                raise
        return self._read()

    def end(self) -> None:
        self._end()

    def _read(self) -> Any:
        try:
            told = self._channel.recv()
        except (EOFError, OSError) as error:
            self._process.join(STOPS_WITHIN_S)
            raise CrashedError(
                f"{self._name} ended by itself (exit code {self._process.exitcode})",
                remedy="ask again; look into the simulator's own log where it happens again",
            ) from error
        self.answered = True
        if isinstance(told, BaseException):
            raise told
        if isinstance(told, _Opened):
            for pid in told.processes:
                with contextlib.suppress(psutil.Error):
                    self._born[pid] = psutil.Process(pid).create_time()
        return told

    def _stop(self) -> None:
        """Ask it to stop, and kill it where it does not; `answered` says which."""
        with contextlib.suppress(EOFError, OSError, MatrixError):
            self._channel.send(None)
            if self._channel.poll(STOPS_WITHIN_S):
                self._read()
        if not self.answered:
            _end(self._process)


def _end(process: Any) -> None:
    if process.is_alive():
        kill_tree(process.pid)
    process.join()


def _kill(channel: "Connection[Any, Any]", process: Any, born: Mapping[int, float]) -> None:
    channel.close()
    process.join(CLOSES_WITHIN_S)
    _end(process)
    for pid, birth in born.items():
        with contextlib.suppress(psutil.Error):
            ours = psutil.Process(pid)
            if ours.create_time() == birth:
                ours.kill()


def _serve(channel: "Connection[Any, Any]", opener: Callable[[], Session], idles_for_s: float) -> None:
    """The other process: open, then answer until nobody asks any more."""
    with contextlib.suppress(EOFError, OSError):
        try:
            session = opener()
        except MatrixError as error:
            channel.send(error)
            return
        try:
            channel.send(_Opened(tuple(session.processes)))
            while channel.poll(idles_for_s):
                question = channel.recv()
                if question is not None:  # a stop that came too late
                    channel.send(_answer(session, question, channel.poll))
            channel.close()  # from here on whoever asks starts another
        finally:
            session.close()


def _answer(session: Session, question: _Question, stopped: Callable[[], bool]) -> Mapping[str, float] | MatrixError:
    try:
        return dict(session.solve(question.inputs, question.outputs, stopped))
    except MatrixError as error:
        return error
    except Exception as error:  # a fault of ours or of the simulator's interface; the caller must not wait for it
        return CrashedError(f"{type(error).__name__}: {error}", remedy="report it with the simulator file")
