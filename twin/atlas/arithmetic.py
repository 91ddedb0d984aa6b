"""What the signs and functions of expressions do: to plain numbers here, to arrays in `array_expressions`.

Every operation takes closures and gives a closure, so that each arithmetic decides what it evaluates: numbers evaluate
the branch that is chosen only. A value that isn't there is NaN, and nothing may be decided by it.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

Closure = Callable[[Any], Any]
"""From the values of the inputs, in their order, to a result."""

Comparison = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Arithmetic:
    """Operations whose outcome depends on what is computed with; sums, differences and products are Python's own.

    `compare` takes the first closure and pairs of a comparison with the closure on its right. `functions` are those of
    `expressions.FUNCTIONS`, by name.
    """

    divide: Callable[[Closure, Closure], Closure]
    power: Callable[[Closure, Closure], Closure]
    choose: Callable[[Closure, Closure, Closure], Closure]
    either: Callable[[Closure, Closure], Closure]
    both: Callable[[Closure, Closure], Closure]
    denied: Callable[[Closure], Closure]
    compare: Callable[[Closure, tuple[tuple[Comparison, Closure], ...]], Closure]
    functions: Mapping[str, Callable[..., Closure]]


def _known(condition: float) -> float:
    """Refuse to decide by a value that isn't there; NaN counts as true in Python."""
    if condition != condition:
        raise ValueError("a condition without a value")
    return condition


def _choose(value: Closure, condition: Closure, otherwise: Closure) -> Closure:
    return lambda values: value(values) if _known(condition(values)) else otherwise(values)


def _either(left: Closure, right: Closure) -> Closure:
    return lambda values: float(bool(_known(left(values)) or _known(right(values))))


def _both(left: Closure, right: Closure) -> Closure:
    return lambda values: float(bool(_known(left(values)) and _known(right(values))))


def _compare(first: Closure, rest: tuple[tuple[Comparison, Closure], ...]) -> Closure:
    def run(values: Any) -> float:
        left = _known(first(values))
        for holds, closure in rest:
            right = _known(closure(values))
            if not holds(left, right):
                return 0.0
            left = right
        return 1.0

    return run


def _extreme(pick: Callable[[list[float]], float]) -> Callable[..., Closure]:
    return lambda *arguments: lambda values: pick([_known(argument(values)) for argument in arguments])


def _of_one(function: Callable[[float], float]) -> Callable[..., Closure]:
    return lambda argument: lambda values: function(argument(values))


NUMBERS: Final = Arithmetic(
    divide=lambda left, right: lambda values: left(values) / right(values),
    power=lambda base, exponent: lambda values: math.pow(base(values), exponent(values)),
    choose=_choose,
    either=_either,
    both=_both,
    denied=lambda inner: lambda values: float(not _known(inner(values))),
    compare=_compare,
    functions={
        "min": _extreme(min),
        "max": _extreme(max),
        "abs": _of_one(abs),
        "sqrt": _of_one(math.sqrt),
        "exp": _of_one(math.exp),
        "log": _of_one(math.log),
    },
)
"""For plain numbers: what has no result raises `ArithmeticError` or `ValueError`."""
