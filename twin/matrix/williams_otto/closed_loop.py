"""The reactor under control in continuous time: what a sampled loop does as its period goes to zero, for a fast solver.

A loop in velocity form, sampled every T, adds K (de + T/Ti e); divided by T that is du/dt = K (de/dt + e/Ti), and the
clamped output becomes one whose rate is 0 where it would leave 0 to 100 %. The difference to the plant's sampling of a
second is gone within seconds; a test holds it.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple, cast

import casadi
import numpy as np
from numpy.typing import NDArray

from twin.matrix.errors import DivergedError
from twin.matrix.loop import CAS, MAN
from twin.matrix.williams_otto.control import LOOPS, SETTINGS
from twin.matrix.williams_otto.equations import STATES, Functions, Surroundings, derivatives, measurements

SYMBOLS: Final = Functions(casadi.exp, casadi.sqrt, casadi.fmax)

SP, OP, MODE, KC, TI, TD = range(6)
EACH: Final = 6
"""Settings of a loop, in their order."""
MASTER, SLAVE = 3, 4
SETTING_COUNT: Final = len(SETTINGS)

_LOWS: Final = np.array([SETTINGS[EACH * loop].low for loop in range(len(LOOPS))])
_SPANS: Final = np.array([SETTINGS[EACH * loop].high for loop in range(len(LOOPS))]) - _LOWS
# In masses of kg, temperatures of K and outputs of percent this keeps errors below 0.03 % of any instrument's range.
_TOLERANCES: Final = {"reltol": 1e-5, "abstol": 1e-3, "max_num_steps": 200_000}

Array = NDArray[np.float64]


class Regime(NamedTuple):
    """Which loops act by themselves, and whether the slave listens to the master."""

    automatic: tuple[bool, ...]
    cascade: bool

    @classmethod
    def of(cls, modes: Array) -> "Regime":
        """From the modes of the five loops."""
        return cls(tuple(bool(mode != MAN) for mode in modes), bool(modes[SLAVE] == CAS))


def percent(loop: int, values: Array) -> Array:
    """Values of a loop's measurement as percent of its span; row 0 holds values, the others derivatives."""
    shares = 100.0 / _SPANS[loop] * values
    shares[0] -= 100.0 / _SPANS[loop] * _LOWS[loop]
    return np.asarray(shares)


def value_of(loop: int, shares: Array) -> Array:
    """The values that are so many percent of a loop's span; rows as in `percent`."""
    values = 0.01 * _SPANS[loop] * shares
    values[0] += _LOWS[loop]
    return np.asarray(values)


@dataclass
class Rows:
    """One member on its way: row 0 holds values, each further row their derivatives to one quantity.

    `solved` is the process's state and the five outputs, shape (rows, 18); `held` the settings and surroundings at the
    beginning of the segment, shape (rows, 40), and `rates` how they move, per second.
    """

    solved: Array
    held: Array
    rates: Array
    regime: Regime

    def write(self, at: int, target: Array) -> None:
        """Set a setting or a quantity of the surroundings at once; shape (rows,). Modes do not come this way."""
        change = target - self.held[:, at]
        self.held[:, at] = target
        if at >= SETTING_COUNT:
            return
        loop, what = divmod(at, EACH)
        if what == OP:
            self._move(loop, target - self.solved[:, STATES + loop])
        elif what == SP and self.regime.automatic[loop]:
            self._move(loop, self.held[0, EACH * loop + KC] * 100.0 * change / _SPANS[loop])
        if what == SP and loop == SLAVE and not self.regime.cascade:
            self.solved[:, STATES + MASTER] = percent(SLAVE, target)

    def _move(self, loop: int, move: Array) -> None:
        """Move an output at once; a slave answers its master's move like any step of its setpoint."""
        output = self.solved[:, STATES + loop]
        before = output.copy()
        output += move
        if not 0.0 <= output[0] <= 100.0:
            output[0], output[1:] = min(100.0, max(0.0, output[0])), 0.0
        if loop == MASTER and self.regime.cascade and self.regime.automatic[SLAVE]:
            self._move(SLAVE, self.held[0, EACH * SLAVE + KC] * (output - before))

    def run(self, grid_s: tuple[float, ...]) -> Array:
        """Go on to the end of `grid_s`, seconds from here, ascending; gives `solved` there, (rows, times, 18).

        Raises
        ------
        DivergedError
            Where the solver gives up.
        """
        solver = _solver(self.regime, grid_s)
        parameters = np.concatenate([self.held, self.rates], axis=1)
        solved = np.empty((len(self.solved), len(grid_s), self.solved.shape[1]))
        _call(solver, {"x0": self.solved[0], "p": parameters[0]}, {"xf": solved[0]})
        if len(solved) > 1:
            given = {"x0": self.solved[0], "p": parameters[0], "out_xf": solved[0]}
            given |= {"fwd_x0": self.solved[1:], "fwd_p": parameters[1:]}
            _call(solver.forward(len(solved) - 1), given, {"fwd_xf": solved[1:]})
        self._arrive(solved[:, -1], grid_s[-1])
        return solved

    def _arrive(self, solved: Array, passed_s: float) -> None:
        self.solved = solved.copy()
        self.held = self.held + passed_s * self.rates
        for loop in range(len(LOOPS)):
            self.held[:, EACH * loop + OP] = solved[:, STATES + loop]
        if self.regime.cascade:
            self.held[:, EACH * SLAVE + SP] = value_of(SLAVE, solved[:, STATES + MASTER])


def _call(function: casadi.Function, given: dict[str, Array], into: dict[str, Array]) -> None:
    """Call a function on arrays in place, without the copies that CasADi's own matrices cost.

    CasADi stores columns one after another, so an array's last axis is a matrix's column; what is not given is 0.
    """
    buffer: Any
    buffer, evaluate = function.buffer()
    kept = {name: np.ascontiguousarray(array) for name, array in given.items()}
    for name, array in kept.items():
        buffer.set_arg(function.index_in(name), memoryview(cast(Any, array)))
    for name, array in into.items():
        buffer.set_res(function.index_out(name), memoryview(cast(Any, array)))
    try:
        evaluate()
    except RuntimeError as error:
        raise DivergedError(
            "the Williams-Otto reactor's equations have no solution here",
            remedy="make the change smaller or slower, or look less far ahead",
        ) from error


@lru_cache(maxsize=128)
def _solver(regime: Regime, grid_s: tuple[float, ...]) -> casadi.Function:
    return casadi.integrator("reactor", "cvodes", _equations(regime), 0.0, list(grid_s), _TOLERANCES)


@lru_cache(maxsize=32)
def _equations(regime: Regime) -> dict[str, Any]:
    solved = casadi.SX.sym("solved", STATES + len(LOOPS))
    time_s = casadi.SX.sym("time_s")
    quantities = SETTING_COUNT + len(Surroundings.__slots__)
    held, rates = casadi.SX.sym("held", quantities), casadi.SX.sym("rates", quantities)
    now = held + rates * time_s
    surroundings: list[Any] = casadi.vertsplit(now[SETTING_COUNT:])
    around = Surroundings(*surroundings)
    state, outputs = casadi.vertsplit(solved[:STATES]), casadi.vertsplit(solved[STATES:])
    valves = [0.01 * outputs[loop] for loop in (0, 1, 2, SLAVE)]
    process = casadi.vertcat(*derivatives(state, valves, around, SYMBOLS))
    measured = casadi.vertcat(*measurements(state, around)[: len(LOOPS)])
    moving = casadi.jtimes(measured, solved[:STATES], process)
    control: list[Any] = []
    for loop in range(len(LOOPS)):
        target = _share(now[EACH * loop + SP] - _LOWS[loop], loop)
        target_rate = _share(rates[EACH * loop + SP], loop)
        if loop == SLAVE and regime.cascade:
            target, target_rate = outputs[MASTER], control[MASTER]
        if loop == MASTER and not regime.cascade:
            # While nobody listens, the master's output follows the slave's setpoint.
            control.append(_share(rates[EACH * SLAVE + SP], SLAVE))
        elif regime.automatic[loop]:
            error = target - _share(measured[loop] - _LOWS[loop], loop)
            wanted = target_rate - _share(moving[loop], loop) + error / now[EACH * loop + TI]
            control.append(_within(outputs[loop], now[EACH * loop + KC] * wanted))
        else:
            control.append(rates[EACH * loop + OP])
    right = casadi.cse(casadi.vertcat(process, *control))
    return {"x": solved, "p": casadi.vertcat(held, rates), "t": time_s, "ode": right}


def _share(difference: Any, loop: int) -> Any:
    return 100.0 / _SPANS[loop] * difference


def _within(output: Any, rate: Any) -> Any:
    """The rate of an output that stops at 0 and 100 %."""
    leaving = casadi.logic_or(
        casadi.logic_and(output >= 100.0, rate > 0.0), casadi.logic_and(output <= 0.0, rate < 0.0)
    )
    return casadi.if_else(leaving, 0.0, rate)
