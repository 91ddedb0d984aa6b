"""Expressions over arrays: the same texts as `expressions`, for whole trajectories and ensembles at once.

They mean the same element by element. What has no finite value is NaN there, and only there; a power of what has no
value has none, not even to 0.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.atlas.arithmetic import Arithmetic, Closure, Comparison
from twin.atlas.expressions import read_expression

Array = NDArray[np.float64]
_TRUE: Final[Array] = np.ones(())


@dataclass(frozen=True)
class ArrayExpression:
    """A compiled expression; `inputs` are the names that it mentions, in the order of their first mention."""

    text: str
    inputs: tuple[str, ...]
    _run: Closure

    def __call__(self, values: Mapping[str, ArrayLike]) -> Array:
        """The result, of the inputs' common shape, for their values by name; NaN where there is none."""
        with np.errstate(all="ignore"):
            given = [np.asarray(values[name], dtype=np.float64) for name in self.inputs]
            result = np.asarray(self._run(given), dtype=np.float64)
            shape = np.broadcast_shapes(*(array.shape for array in given))
            return _finite(np.broadcast_to(result, shape))

    def __reduce__(self) -> tuple[object, ...]:
        """Closures cannot be pickled, so it is read again; its own inputs are the names that it needs."""
        return compile_over_arrays, (self.text, self.inputs)


def compile_over_arrays(text: str, names: Collection[str]) -> ArrayExpression:
    """Read `text`, in which the `names` may stand; raises `expressions.ExpressionError`."""
    inputs, run = read_expression(text, names, _ARRAYS)
    return ArrayExpression(text, inputs, run)


def _finite(result: Array) -> Array:
    return np.where(np.isfinite(result), result, np.nan)


def _lifted(operation: Callable[..., Any]) -> Callable[..., Closure]:
    """An operation on arrays as one on closures."""
    return lambda *closures: lambda values: operation(*(closure(values) for closure in closures))


def _whole(operation: Callable[..., Any]) -> Callable[..., Closure]:
    """The same for what is undefined or too large for some finite numbers, which is no value at all."""

    def run(*arrays: Array) -> Array:
        result, finite = operation(*arrays), np.logical_and.reduce(np.broadcast_arrays(*map(np.isfinite, arrays)))
        unknown = np.logical_or.reduce(np.broadcast_arrays(*map(np.isnan, arrays)))  # numpy's NaN ** 0 is 1
        return np.where(unknown | (finite & ~np.isfinite(result)), np.nan, result)

    return _lifted(run)


def _divide(left: Array, right: Array) -> Array:
    return np.where(np.equal(right, 0.0), np.nan, np.divide(left, right))


def _choose(value: Array, condition: Array, otherwise: Array) -> Array:
    return np.where(np.isnan(condition), np.nan, np.where(condition, value, otherwise))


def _both(left: Array, right: Array) -> Array:
    return np.where(np.isnan(left), np.nan, np.where(left, np.where(np.isnan(right), np.nan, right != 0), 0.0))


def _denied(inner: Array) -> Array:
    return np.where(np.isnan(inner), np.nan, np.equal(inner, 0.0))


def _compare(first: Closure, rest: tuple[tuple[Comparison, Closure], ...]) -> Closure:
    def run(values: Any) -> Array:
        left, result = first(values), _TRUE
        for holds, closure in rest:
            right = closure(values)
            pair = np.where(np.isnan(left) | np.isnan(right), np.nan, holds(left, right))
            result, left = _both(result, pair), right
        return result

    return run


_ARRAYS: Final = Arithmetic(
    divide=_lifted(_divide),
    power=_whole(np.power),
    choose=_lifted(_choose),
    either=_lifted(lambda left, right: _choose(_TRUE, left, _both(_TRUE, right))),
    both=_lifted(_both),
    denied=_lifted(_denied),
    compare=_compare,
    functions={
        "min": _lifted(lambda *arrays: np.minimum.reduce(np.broadcast_arrays(*arrays))),
        "max": _lifted(lambda *arrays: np.maximum.reduce(np.broadcast_arrays(*arrays))),
        "abs": _lifted(np.abs),
        "sqrt": _whole(np.sqrt),
        "exp": _whole(np.exp),
        "log": _whole(np.log),
    },
)
