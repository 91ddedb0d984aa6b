"""A second of the Tennessee Eastman equations by one Runge-Kutta step, without a copy or an allocation on the way.

`tep-studio`'s own calls make fresh arrays for each derivative; here the compiled functions write into arrays that are
made once, which is four times faster and gives the same bits.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NUDGE_H: Final = 1e-9
_STATES: Final = 50
_OUTPUTS: Final = (41, 32, 21, 62, 96)
"""Sizes of what the compiled outputs write: measurements, further ones, disturbances, process, concentrations."""


class StepMachine:
    """Steps one kernel of `tep-studio`; `native` is its module and `kernel` a `NativeTEPKernel`, which must live on."""

    def __init__(self, native: Any, kernel: Any) -> None:
        self._lib, self._kernel = native.lib, kernel
        self._handle = kernel._handle  # noqa: SLF001  # tep-studio offers no other way to its compiled functions
        self._rates = [np.zeros(_STATES) for _ in range(4)]
        self._at = np.zeros(_STATES)
        self._told = [np.zeros(size) for size in _OUTPUTS]
        self._valves, self._faults = np.zeros(kernel.nu), np.zeros(kernel.nidv)

        def pointer(array: Floats) -> Any:
            return native.ffi.from_buffer("double[]", array)

        self._rate_pointers = [pointer(array) for array in self._rates]
        self._at_pointer = pointer(self._at)
        self._told_pointers = [pointer(array) for array in self._told]
        self._input_pointers = pointer(self._valves), pointer(self._faults)

    def give(self, valves: Floats, faults: Floats) -> None:
        """What acts from now on: valves in percent, disturbances on (1) or off (0)."""
        self._valves[:], self._faults[:] = valves, faults
        self._kernel.xmv, self._kernel.idv = self._valves.copy(), self._faults.copy()
        self._lib.tep_set_inputs(self._handle, *self._input_pointers)

    def step(self, now_h: float, step_h: float) -> None:
        """Move the kernel's state.

        The kernel keeps its last derivatives by time alone and would answer a new state at an old time with them:
        every call gets a time of its own, later than the one before.
        """
        half = 0.5 * step_h
        state = self._kernel.state
        k1, k2, k3, k4 = self._rates
        self._at[:] = state
        self._derive(0, now_h + NUDGE_H)
        self._stage(state, half, k1)
        self._derive(1, now_h + half)
        self._stage(state, half, k2)
        self._derive(2, now_h + half + NUDGE_H)
        self._stage(state, step_h, k3)
        self._derive(3, now_h + step_h - NUDGE_H)
        self._kernel.state = state + (step_h / 6.0) * (k1 + 2.0 * (k2 + k3) + k4)

    def measurements(self, now_h: float) -> list[float]:
        """The 41 measurements in the article's units; each asking draws new noise."""
        self._at[:] = self._kernel.state
        self._check(self._lib.tep_outputs(self._handle, now_h, self._at_pointer, *self._told_pointers))
        values: list[float] = self._told[0].tolist()
        return values

    @property
    def tripped(self) -> bool:
        """Whether the kernel has shut itself down."""
        return bool(self._lib.tep_shutdown_code(self._handle))

    def _stage(self, state: Floats, share_h: float, rate: Floats) -> None:
        np.multiply(rate, share_h, out=self._at)
        self._at += state

    def _derive(self, stage: int, time_h: float) -> None:
        self._check(self._lib.tep_derivatives(self._handle, time_h, self._at_pointer, self._rate_pointers[stage]))

    @staticmethod
    def _check(status: int) -> None:
        if status != 0:
            raise RuntimeError(f"the Tennessee Eastman equations failed with status {status}; begin anew")
