"""The Tennessee Eastman plant with Ricker's control, stepped second by second.

The equations are the 2015 revision (Bathelt, Ricker and Jelali) compiled in `tep-studio`; measurement noise is theirs.
"""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from twin.matrix.signal import Signal
from twin.matrix.tennessee_eastman.control import SETTINGS, PlantControl
from twin.matrix.tennessee_eastman.native import load
from twin.matrix.tennessee_eastman.signals import DISTURBANCES, MEASUREMENTS
from twin.matrix.tennessee_eastman.stepping import StepMachine

DISTURBANCE_NUMBERS: tuple[int, ...] = (1, 2, 3, 4, 5, 7, 9, 10, 11, 12, 14, 15)
"""Numbers in the article of the disturbances offered; 6 and 8 trip the plant and are not among them."""

BASES: tuple[float, ...] = (0.485, 0.005, 45.0, 45.0, 35.0, 40.0, 1.0, 1.0)
"""Design values of what may drift: shares of A and B in the feed of A and C, temperatures (degC) of feed D, of that
feed and of the reactor's and condenser's cooling water, and the factors on the two main reactions."""

_BASE_OFFSET = 1238
"""Where the kernel's state keeps the bases, in doubles (reference: plants.md); checked at every start."""

_RUNNING_OFFSET = 1058
"""Where it keeps the same of the interval that now runs, which it draws anew from the bases every 0.1 h or so."""

_STEP_H = 1.0 / 3600.0
_NOISE_AND_ALL_CONSTRAINTS = 0x0F
_WITHOUT_NOISE = 0x10
_OWN_GENERATORS = 0x20
# Where the kernel keeps its flags, with generators of their own those of noise and of disturbances, and the noise's
# deviations, which follow from the flags at a reset only; in doubles.
_FLAGS_OFFSET, _NOISE_OFFSET, _DISTURBANCE_OFFSET = 1333, 294, 295
_DEVIATIONS = slice(957, 1032)
_GAS_FLOWS = (0, 3, 4, 5, 9)
_VERSION = 1


class TennesseeEastmanModel:
    """Plant and control; `seed` chooses the instruments' noise and the course of the unsteady disturbances."""

    instruments: tuple[Signal, ...] = MEASUREMENTS
    settings: tuple[Signal, ...] = SETTINGS

    def __init__(self, seed: int = 1) -> None:
        """Load the compiled equations; raises `TennesseeEastmanMissingError` where they are not installed."""
        self._native = load()
        self._kernel = self._native.NativeTEPKernel()
        self._machine = StepMachine(self._native, self._kernel)
        self._seed = seed
        self._restarts = -1
        self._acting: set[int] = set()
        self.unseen: tuple[int, ...] = ()
        """Numbers in the article of disturbances that act all the time and that nobody is told of."""
        self.restart()
        held = self._bases()
        if not np.allclose(held, BASES, rtol=0.05):
            raise ValueError(f"this tep-studio keeps {held} where {BASES} were expected; install tep-studio 0.2.0")

    def restart(self) -> None:
        """Begin again at the base case with fresh noise; disturbances stay as they are switched."""
        self._restarts += 1
        seed = _generator(self._seed) + 104_729 * self._restarts
        self._kernel.reset(seed=seed, ms_flag=_NOISE_AND_ALL_CONSTRAINTS)
        self._steps = 0
        self._measured: list[float] | None = None
        self._control = PlantControl(self._read_kernel(), 0.0)
        self._trip = ""

    @property
    def trip(self) -> str:
        """Why the plant has shut itself down, or "" while it runs; its values stand still from then on."""
        return self._trip

    def measure(self) -> list[float]:
        """The 41 measurements in the signals' units, noise included; one scan asks the instruments once."""
        values = list(self._read_kernel())
        for at in _GAS_FLOWS:
            values[at] *= 1000.0
        return values

    def control(self, measured: Sequence[float]) -> None:
        """Let the control system act on one scan in the signals' units."""
        if self._trip:
            return
        inside = list(measured)
        for at in _GAS_FLOWS:
            inside[at] *= 0.001
        self._control.update(inside, self._steps * _STEP_H)

    def advance(self) -> None:
        """Run the plant for one second by one Runge-Kutta step; a tripped plant stands still."""
        if self._trip:
            return
        machine = self._machine
        faults = np.zeros(28)
        faults[[DISTURBANCE_NUMBERS[number] - 1 for number in self._acting]] = 1.0
        faults[[number - 1 for number in self.unseen]] = 1.0
        machine.give(np.clip(self._control.valves, 0.0, 100.0), faults)
        machine.step(self._steps * _STEP_H, _STEP_H)
        self._steps += 1
        self._kernel.time = self._steps * _STEP_H
        self._measured = None
        self._read_kernel()
        if machine.tripped:
            code, words = self._kernel.shutdown_status()
            self._trip = words.strip() or f"shutdown {code:g}"

    def read_settings(self) -> list[float]:
        """All settings in the order of `SETTINGS`."""
        return self._control.read()

    def write(self, name: str, value: float) -> None:
        """Write one setting as an operator would; raises `WriteRefusedError`."""
        self._control.write(name, value)

    def disturb(self, number: int, on: bool) -> None:
        """Switch the disturbance at index `number` of `DISTURBANCES`."""
        if not 0 <= number < len(DISTURBANCES):
            raise IndexError(
                f"the Tennessee Eastman plant has no disturbance {number}; give 0 to {len(DISTURBANCES) - 1}"
            )
        (self._acting.add if on else self._acting.discard)(number)

    def drift(self, changes: Sequence[float]) -> None:
        """Move what `BASES` lists by `changes` from its design value; felt within the kernel's next interval."""
        snapshot = self._kernel.snapshot()
        model = bytearray(snapshot.model_bytes)
        bases = np.frombuffer(model, dtype=np.float64, count=len(BASES), offset=8 * _BASE_OFFSET)
        bases[:] = np.asarray(BASES) + np.asarray(changes)
        self._restore_kernel(bytes(model), snapshot.state, snapshot.time, snapshot.xmv, snapshot.idv)

    @property
    def process_state(self) -> list[float]:
        """The 50 states of the equations: holdups, energies, temperatures and valve positions."""
        return [float(value) for value in self._kernel.state]

    @property
    def bases(self) -> list[float]:
        """What `BASES` lists, as it is now."""
        return self._bases()

    def rewrite(self, state: Sequence[float], bases: Sequence[float]) -> None:
        """Put other values in place of `process_state` and `bases`; unlike a drift they act at once."""
        held = self._kernel.snapshot()
        model = bytearray(held.model_bytes)
        numbers = np.frombuffer(model, dtype=np.float64)
        design, running = (slice(at, at + len(BASES)) for at in (_BASE_OFFSET, _RUNNING_OFFSET))
        numbers[running] += np.asarray(bases) - numbers[design]
        numbers[design] = bases
        self._restore_kernel(bytes(model), held.state, held.time, held.xmv, held.idv)
        self._kernel.state = np.array(state, dtype=np.float64)
        self._measured = None

    def separate(self, seed: int, *, noise: bool) -> None:
        """Go on with a future of one's own: noise (or none) and disturbances from generators that nobody shares.

        A copy of a running plant would otherwise know the plant's future. Noise that was taken away does not come back.
        """
        held = self._kernel.snapshot()
        model = bytearray(held.model_bytes)
        flags = np.frombuffer(model, dtype=np.int64, count=1, offset=8 * _FLAGS_OFFSET)
        flags[:] = _NOISE_AND_ALL_CONSTRAINTS | _OWN_GENERATORS | (0 if noise else _WITHOUT_NOISE)
        numbers = np.frombuffer(model, dtype=np.float64)
        numbers[[_NOISE_OFFSET, _DISTURBANCE_OFFSET]] = _generator(seed), _generator(seed) + 15_485_863
        if not noise:
            numbers[_DEVIATIONS] = 0.0
        self._restore_kernel(bytes(model), held.state, held.time, held.xmv, held.idv)
        self._measured = None

    def put(self, settings: Mapping[str, float]) -> None:
        """Take settings as they stand in another control system, whatever the modes; masters follow their slaves."""
        self._control.put({name: float(value) for name, value in settings.items()})
        if "FIC-202.SP" in settings:
            self._control.align()

    def snapshot(self) -> bytes:
        """Kernel, control, trip and disturbances as MessagePack."""
        kernel = self._kernel.snapshot()
        return msgspec.msgpack.encode(
            {
                "version": _VERSION,
                "model": kernel.model_bytes,
                "state": kernel.state.tolist(),
                "valves": kernel.xmv.tolist(),
                "faults": kernel.idv.tolist(),
                "steps": self._steps,
                "restarts": self._restarts,
                "measured": self._measured,
                "control": self._control.snapshot(),
                "trip": self._trip,
                "acting": sorted(self._acting),
            }
        )

    def restore(self, state: bytes) -> None:
        """Take back what `snapshot` gave.

        Raises
        ------
        ValueError
            Where the bytes are no snapshot of this model and version.
        """
        try:
            content = msgspec.msgpack.decode(state)
            if content["version"] != _VERSION or len(content["model"]) != len(self._kernel.snapshot().model_bytes):
                raise ValueError("another version")
            self._control.restore(content["control"])
            self._steps, self._restarts = content["steps"], content["restarts"]
            self._measured, self._trip = content["measured"], content["trip"]
            self._acting = set(content["acting"])
            arrays = [np.array(content[name], dtype=np.float64) for name in ("state", "valves", "faults")]
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"not a snapshot of the Tennessee Eastman plant: {error}; begin anew without it"
            ) from error
        self._restore_kernel(content["model"], arrays[0], self._steps * _STEP_H, arrays[1], arrays[2])

    def _restore_kernel(self, model: bytes, state: object, time_h: float, valves: object, faults: object) -> None:
        self._kernel.restore(
            self._native.NativeSnapshot(model_bytes=model, state=state, time=time_h, xmv=valves, idv=faults)
        )

    def _bases(self) -> list[float]:
        model = self._kernel.snapshot().model_bytes
        held = np.frombuffer(model, dtype=np.float64, count=len(BASES), offset=8 * _BASE_OFFSET)
        return [float(base) for base in held]

    def _read_kernel(self) -> list[float]:
        """The measurements in the article's units; asked once a step, since each asking draws new noise."""
        if self._measured is None:
            self._measured = self._machine.measurements(self._steps * _STEP_H)
        return self._measured


def _generator(seed: int) -> float:
    """Where the kernel's generator begins; it wants a few million at least to spread its first numbers."""
    return float(1_431_655_765 + 7919 * seed)
