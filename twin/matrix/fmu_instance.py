"""One running FMU, driven step by step through FMPy: FMI 2 and 3, co-simulation and model exchange behind one face.

Model exchange is solved with CVODE (which FMPy brings), begun afresh every step, so that a run does not depend on how
it was divided: the same question has the same bits, asked in one piece or in two.
"""

import struct
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from math import inf
from pathlib import Path
from shutil import rmtree
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from twin.atlas.faults import did_you_mean
from twin.matrix.errors import CrashedError, DivergedError, MissingSimulatorError, UnusableModelError

Interface = Literal["co-simulation", "model-exchange"]

_HEAD: Final = struct.Struct("<dd")
"""What stands before the FMU's own bytes: its time, and that of its next event."""
_TIME_SLACK: Final = 1e-9
_ERROR, _FATAL = 3, 4
_MOST_EVENTS: Final = 1000
"""Events within one step; more means that the FMU comes to no rest."""


def load_fmpy() -> Any:
    """The package FMPy; raises `MissingSimulatorError` where it is not installed."""
    try:
        import_module("fmpy.simulation")
        return import_module("fmpy")
    except ImportError as error:
        raise MissingSimulatorError(
            f"FMUs cannot be run: {error}", remedy="install the extra 'fmu' (pip install 'atlas-live[fmu]')"
        ) from error


class FmuInstance:
    """An FMU that is begun, written to, read and advanced; one at a time in a model, and in one thread.

    Parameters
    ----------
    path
        The FMU.
    interface
        Which one is run; None takes what the FMU offers, co-simulation where it offers both.
    step_s, tolerance
        Longest step between two looks at the inputs, s, and the solver's relative tolerance.

    Raises
    ------
    MissingSimulatorError
        Where FMPy is missing, or the FMU is not built for this machine.
    UnusableModelError
        Where it is no FMU of version 2 or 3, or lacks the interface.
    """

    def __init__(self, path: Path, interface: Interface | None, step_s: float, tolerance: float) -> None:
        self._fmpy = load_fmpy()
        self.path, self._step_s, self._tolerance = path, step_s, tolerance
        self.description = self._read_description()
        self.exchanges = self._chosen(interface)
        self._fmu: Any = None
        self._solver: Any = None
        self._readers: dict[tuple[str, ...], Callable[[], NDArray[np.float64]]] = {}
        self._said = ""
        self._broken = False
        self._next_event = inf
        self.time = 0.0
        self.ended = False

    @cached_property
    def variables(self) -> dict[str, Any]:
        """FMPy's variables by name."""
        return {one.name: one for one in self.description.modelVariables}

    @property
    def _part(self) -> Any:
        return self.description.modelExchange if self.exchanges else self.description.coSimulation

    @property
    def keeps_state(self) -> bool:
        """Whether its whole state can be taken out and put back."""
        return bool(self._part.canGetAndSetFMUstate and self._part.canSerializeFMUstate)

    @cached_property
    def continuous_states(self) -> list[str]:
        """Names of the continuous states, in the FMU's order; of model exchange only."""
        return [one.variable.derivative.name for one in self.description.derivatives] if self.exchanges else []

    def begin(self, values: Mapping[str, float]) -> None:
        """Start afresh at time 0 with these values."""
        with self._translated("began"):
            self._instantiate()
            if self._is_2:
                self._fmu.setupExperiment(tolerance=self._tolerance, startTime=0.0)
            self._set(values)
            self._fmu.enterInitializationMode(**({} if self._is_2 else {"tolerance": self._tolerance}))
            self._fmu.exitInitializationMode()
            self.time, self.ended, self._next_event = 0.0, False, inf
            if self.exchanges:
                self._settle()

    def write(self, values: Mapping[str, float]) -> None:
        """Write inputs and tunable parameters."""
        if not values:
            return
        with self._translated(f"took {', '.join(values)}"):
            if self.exchanges:
                self._fmu.enterEventMode()
            self._set(values)
            if self.exchanges:
                self._settle()

    def read(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Values of variables, in order."""
        key = tuple(names)
        if key not in self._readers:
            self._readers[key] = self._reader(key)
        with self._translated("was read"):
            return self._readers[key]()

    def write_states(self, values: Mapping[str, float]) -> None:
        """Replace continuous states by name; of model exchange only."""
        with self._translated("took states"):
            states = np.empty(len(self.continuous_states))
            pointer = states.ctypes.data_as(self._double_pointer)
            self._fmu.getContinuousStates(pointer, len(states))
            for name, value in values.items():
                states[self.continuous_states.index(name)] = value
            self._fmu.setContinuousStates(pointer, len(states))
            self._fmu.enterEventMode()
            self._settle()

    def advance_to(self, target: float, ask: Callable[[], None] = lambda: None) -> None:
        """Go on until this time, or until the FMU ends itself (`ended`); `ask` is called before each step."""
        fixed = not (self.exchanges or self._part.canHandleVariableCommunicationStepSize)
        slack = 0.5 * self._step_s if fixed else _TIME_SLACK * max(1.0, target)
        while target - self.time > slack and not self.ended:
            ask()
            step = self._step_s if fixed else min(self._step_s, target - self.time)
            with self._translated("ran"):
                if self.exchanges:
                    self._integrate(self.time + step)
                else:
                    self._do_step(step)

    def save(self) -> bytes:
        """Its whole state."""
        with self._translated("gave its state"):
            held = self._fmu.getFMUState()
            told: bytes = self._fmu.serializeFMUState(held)
            self._fmu.freeFMUState(held)
        return _HEAD.pack(self.time, self._next_event) + told

    def restore(self, state: bytes) -> None:
        """Take back what `save` gave, of this or another instance."""
        with self._translated("took back its state"):
            if self._fmu is None or self._broken:
                self._instantiate()
            self.time, self._next_event = _HEAD.unpack_from(state)
            self.ended = False
            held = self._fmu.deserializeFMUState(state[_HEAD.size :])
            self._fmu.setFMUState(held)
            self._fmu.freeFMUState(held)
            if self._solver is not None:
                self._solver.reset(self.time)

    def known(self, names: Sequence[str]) -> None:
        """Refuse names that the FMU lacks; raises `UnusableModelError`."""
        for name in names:
            if name not in self.variables:
                remedy = did_you_mean(name, self.variables, "name a variable of its model description")
                raise UnusableModelError(f"{self.path.name} has no variable '{name}'", remedy=remedy)

    @cached_property
    def _folder(self) -> str:
        """Where the FMU lies unpacked, as long as this instance lives."""
        folder = str(self._fmpy.extract(self.path))
        weakref.finalize(self, rmtree, folder, ignore_errors=True)
        return folder

    @property
    def _is_2(self) -> bool:
        return bool(self.description.fmiVersion == "2.0")

    @cached_property
    def _double_pointer(self) -> Any:
        ctypes = import_module("ctypes")
        return ctypes.POINTER(ctypes.c_double)

    def _read_description(self) -> Any:
        try:
            told = self._fmpy.read_model_description(str(self.path), validate=False)
        except Exception as error:  # a file that is no FMU fails in zipfile, lxml or FMPy
            raise UnusableModelError(f"{self.path} is no FMU: {error}", remedy="export it again") from error
        if told.fmiVersion.split(".")[0] not in ("2", "3"):
            raise UnusableModelError(
                f"{self.path.name} is of FMI {told.fmiVersion}", remedy="export it for FMI 2 or FMI 3"
            )
        platforms = self._fmpy.supported_platforms(str(self.path))
        if not {self._fmpy.platform, self._fmpy.platform_tuple} & set(platforms):
            raise MissingSimulatorError(
                f"{self.path.name} is built for {', '.join(platforms) or 'no machine'}, not for {self._fmpy.platform}",
                remedy=f"export it for {self._fmpy.platform} as well",
            )
        return told

    def _chosen(self, interface: Interface | None) -> bool:
        """Whether model exchange is run."""
        parts = {"co-simulation": self.description.coSimulation, "model-exchange": self.description.modelExchange}
        offered = [name for name, part in parts.items() if part is not None]
        if not offered or interface not in (None, *offered):
            raise UnusableModelError(
                f"{self.path.name} offers no {interface or 'interface that can be run'}",
                remedy="export it for co-simulation or model exchange",
            )
        return (interface or offered[0]) == "model-exchange"

    def _instantiate(self) -> None:
        if self._fmu is not None:
            self._fmu.freeInstance()
        self._solver = None
        kind = "ModelExchange" if self.exchanges else "CoSimulation"
        self._fmu = self._fmpy.simulation.instantiate_fmu(
            self._folder, self.description, kind, logger=self._hear, require_functions=False
        )
        self._readers.clear()
        self._broken = False

    def _hear(self, *told: Any) -> None:
        """Keep the FMU's last complaint; status and message are the first of three and the last of FMI's arguments."""
        status, message = told[-3], told[-1]
        if status >= _ERROR or not self._said:
            self._said = message.decode("utf-8", "replace").strip() if isinstance(message, bytes) else str(message)

    @contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        self._said = ""
        try:
            yield
        except (OSError, AttributeError) as error:
            raise UnusableModelError(f"{self.path.name} does not load: {error}", remedy="export it again") from error
        except Exception as error:
            fatal = getattr(error, "status", _ERROR) >= _FATAL
            self._broken = True
            message = f"{self.path.name} failed when it {what}, at {self.time:g} s: {self._said or error}"
            if fatal:
                self._fmu = None  # nothing may be called any more, not even to free it
                raise CrashedError(message, remedy="ask again; mend the FMU where it happens again") from error
            raise DivergedError(message, remedy="make the change smaller, or check the FMU's start values") from error

    def _set(self, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            variable = self.variables[name]
            kind = self._kind(variable)
            as_kind = float if kind in ("Real", "Float64", "Float32") else bool if kind == "Boolean" else round
            getattr(self._fmu, f"set{kind}")([variable.valueReference], [as_kind(value)])

    def _kind(self, variable: Any) -> str:
        if variable.type == "Enumeration":
            return "Integer" if self._is_2 else "Int64"
        return str(variable.type)

    def _reader(self, names: tuple[str, ...]) -> Callable[[], NDArray[np.float64]]:
        """Reads these names with one call for each type."""
        groups: dict[str, list[int]] = {}
        for at, name in enumerate(names):
            groups.setdefault(self._kind(self.variables[name]), []).append(at)
        calls = [
            (getattr(self._fmu, f"get{kind}"), [self.variables[names[at]].valueReference for at in places], places)
            for kind, places in groups.items()
        ]

        def read() -> NDArray[np.float64]:
            values = np.empty(len(names))
            for get, references, places in calls:
                values[places] = get(references)
            return values

        return read

    def _do_step(self, step: float) -> None:
        try:
            told = self._fmu.doStep(currentCommunicationPoint=self.time, communicationStepSize=step)
        except Exception as error:
            discarded = getattr(error, "status", _ERROR) == 2
            # FMI 2 says by a discarded step that it ends the simulation.
            if not (discarded and self._is_2 and self._fmu.getBooleanStatus(2)):
                raise
            self.ended = True
            return
        if not self._is_2:
            self.ended = bool(told[1])
        self.time += step

    def _integrate(self, target: float) -> None:
        """One step of model exchange, with the events in it."""
        solver = self._fresh_solver()
        needs_steps = self._part.needsCompletedIntegratorStep
        for _ in range(_MOST_EVENTS):
            until = min(target, self._next_event)
            happened, _, self.time = solver.step(self.time, until)
            self._fmu.setTime(self.time)
            wanted, self.ended = self._fmu.completedIntegratorStep() if needs_steps else (False, False)
            if self.ended:
                return
            if happened or wanted or self.time >= self._next_event:
                self._fmu.enterEventMode()
                self._settle()
            if self.ended or target - self.time <= _TIME_SLACK * max(1.0, target):
                self.time = target
                return
        raise RuntimeError(f"more than {_MOST_EVENTS} events in {self._step_s:g} s")

    def _settle(self) -> None:
        """Let discrete states find their values, and go on in continuous time."""
        update = self._fmu.newDiscreteStates if self._is_2 else self._fmu.updateDiscreteStates
        for _ in range(_MOST_EVENTS):
            needed, self.ended, _, _, defined, event = update()
            if self.ended or not needed:
                break
        self._next_event = event if defined else inf
        if not self.ended:
            self._fmu.enterContinuousTimeMode()
        if self._solver is not None:
            self._solver.reset(self.time)

    def _fresh_solver(self) -> Any:
        if self._solver is not None:
            self._solver.reset(self.time)
            return self._solver
        fmu, told = self._fmu, self.description
        self._solver = import_module("fmpy.sundials").CVodeSolver(
            nx=told.numberOfContinuousStates,
            nz=told.numberOfEventIndicators,
            get_x=fmu.getContinuousStates,
            set_x=fmu.setContinuousStates,
            get_dx=fmu.getDerivatives if self._is_2 else fmu.getContinuousStateDerivatives,
            get_z=fmu.getEventIndicators,
            get_nominals=fmu.getNominalsOfContinuousStates,
            set_time=fmu.setTime,
            input=_NoInput(),
            startTime=self.time,
            relativeTolerance=self._tolerance,
        )
        return self._solver


class _NoInput:
    """FMPy's solver asks for inputs at each look; ours stand still within a step."""

    def apply(self, time: float) -> None:
        """Nothing to write."""
