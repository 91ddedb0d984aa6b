"""COM, as simulators under Windows offer it: starting a program, patience with a busy one, and what its errors mean.

Codes of errors are those of winerror.h. Nothing here is imported from pywin32 unless a program is started, so that the
adapters are tested where there is no Windows.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final, Protocol, TypeVar

from twin.matrix.errors import CrashedError, DivergedError, LicenceError, MatrixError, MissingSimulatorError

T = TypeVar("T")

NOT_REGISTERED: Final = frozenset({-2147221164, -2147221005, -2147221021})
"""REGDB_E_CLASSNOTREG, CO_E_CLASSSTRING, MK_E_UNAVAILABLE: this program id is not there."""

BUSY: Final = frozenset({-2147418111, -2147417846})
"""RPC_E_CALL_REJECTED, RPC_E_SERVERCALL_RETRYLATER: ask again."""

GONE: Final = frozenset({-2147023174, -2147023170, -2147417848, -2147417842})
"""RPC_S_SERVER_UNAVAILABLE, RPC_S_CALL_FAILED, RPC_E_DISCONNECTED, RPC_E_WRONG_THREAD: no simulator behind it."""

BUSY_FOR_S: Final = 30.0
_LICENCE: Final = re.compile(r"\blicen[cs]e|\bSLM\b", re.IGNORECASE)


class Com(Protocol):
    """The way to COM; the other one is in the tests."""

    def create(self, program: str) -> Any:
        """Start a program of its own, never one that someone uses; raises an error with `hresult`."""

    def pump(self) -> None:
        """Let the program's messages through."""


class WindowsCom:
    """COM through pywin32, in this thread."""

    def create(self, program: str) -> Any:
        """See `Com`; raises `MissingSimulatorError` where there is no Windows."""
        try:
            import_module("pythoncom").CoInitialize()
            return import_module("win32com.client").DispatchEx(program)
        except ImportError as error:
            raise MissingSimulatorError(
                f"no COM on this machine: {error}",
                remedy="let a runner take these jobs on a Windows machine with the simulator, and pywin32 beside this",
            ) from error

    def pump(self) -> None:
        """See `Com`."""
        import_module("pythoncom").PumpWaitingMessages()


def start(com: Com, programs: Sequence[str], name: str) -> Any:
    """The first of these programs that is there.

    Raises
    ------
    MissingSimulatorError
        Where none of them is registered.
    """
    for program in programs:
        try:
            with translated(name, f"starting {program}"):
                return com.create(program)
        except MissingSimulatorError as missing:
            if not isinstance(missing.__cause__, ImportError):
                continue
            raise
    raise MissingSimulatorError(
        f"{name} is not installed: none of {', '.join(programs)} is registered",
        remedy="install it on this machine, or name its program id under 'com: programs'",
    )


def patiently(act: Callable[[], T], sleep: Callable[[float], None] = time.sleep) -> T:
    """Do it, again and again while the program says that it is busy, for `BUSY_FOR_S` at most."""
    waited, pause = 0.0, 0.05
    while True:
        try:
            return act()
        except Exception as error:
            if code_of(error) not in BUSY or waited >= BUSY_FOR_S:
                raise
            sleep(pause)
            waited, pause = waited + pause, min(2.0, 2.0 * pause)


@contextmanager
def translated(name: str, what: str) -> Iterator[None]:
    """Turn COM's errors into the port's."""
    try:
        yield
    except Exception as error:
        code = code_of(error)
        if isinstance(error, MatrixError) or code is None:
            raise
        raise _meaning(name, what, code, text_of(error)) from error


def speaks_of_licence(text: str) -> bool:
    """Whether a simulator's message is about its licence."""
    return _LICENCE.search(text) is not None


def code_of(error: BaseException) -> int | None:
    """The error's code, the one within where the program itself raised it; None for an error that is not COM's."""
    code = getattr(error, "hresult", None)
    inner = (getattr(error, "excepinfo", None) or (0,) * 6)[5]
    return inner or code if isinstance(code, int) else None


def text_of(error: BaseException) -> str:
    """What the program says of it."""
    told = getattr(error, "excepinfo", None)
    return str((told and told[2]) or getattr(error, "strerror", "") or error)


def _meaning(name: str, what: str, code: int, text: str) -> MatrixError:
    told = f"{name}, {what}: {text} ({code & 0xFFFFFFFF:#010x})"
    if code in NOT_REGISTERED:
        return MissingSimulatorError(told, remedy="install it on this machine, or name its program id")
    if speaks_of_licence(text):
        return LicenceError(told, remedy="check the licence server; the question may be asked again")
    if code in GONE:
        return CrashedError(told, remedy="ask again; a fresh simulator is started")
    if code in BUSY:
        return CrashedError(told, remedy="close its dialogs, then ask again")
    return DivergedError(told, remedy="check the value and its place in the simulator file")
