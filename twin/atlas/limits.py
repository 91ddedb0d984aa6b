"""Limits of tags: as the arrays that `analytics.conditions` works by, the stricter of two, and their faults."""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.conditions import LimitArrays
from twin.atlas.faults import Finding
from twin.atlas.tags import Limits

_LOWER: Final = ("low_low", "low")
_UPPER: Final = ("high", "high_high")


def limit_arrays(limits: Iterable[Limits]) -> LimitArrays:
    """The limits by position, each array of shape (tags,); a limit that a tag lacks is infinite."""
    listed = list(limits)

    def column(name: str, missing: float) -> NDArray[np.float64]:
        given = (getattr(one, name) for one in listed)
        return np.array([missing if limit is None else limit for limit in given], dtype=np.float64)

    return LimitArrays(
        low_low=column("low_low", -np.inf),
        low=column("low", -np.inf),
        high=column("high", np.inf),
        high_high=column("high_high", np.inf),
        deadband=column("deadband", 0.0),
    )


def stricter(one: Limits, other: Limits) -> Limits:
    """The limits that hold where both do: of each the tighter, and the larger deadband."""
    tight = {name: _of(max, one, other, name) for name in _LOWER}
    tight |= {name: _of(min, one, other, name) for name in _UPPER}
    return Limits(**tight, deadband=max(one.deadband, other.deadband))


def _of(choose: Callable[[list[float]], float], one: Limits, other: Limits, name: str) -> float | None:
    given = [limit for limits in (one, other) if (limit := getattr(limits, name)) is not None]
    return choose(given) if given else None


def limit_faults(limits: Limits, low: float, high: float, unit: str) -> Iterator[Finding]:
    """What is wrong with the limits of a tag of this range and unit; paths are the limits' keys."""
    given = [(key, value) for key in (*_LOWER, *_UPPER) if (value := getattr(limits, key)) is not None]
    for key, value in given:
        if not low <= value <= high:
            message = f"{key} {value:g} lies outside the range {low:g} to {high:g} {unit}".rstrip()
            yield Finding((key,), message, "move the limit into the range, or widen the range")
    for (lower, below), (upper, above) in pairwise(given):
        if not below < above:
            message = f"{upper} {above:g} isn't above {lower} {below:g}"
            yield Finding((upper,), message, "order them low_low < low < high < high_high")
    if not 0.0 <= limits.deadband < high - low and low < high:
        message = f"deadband {limits.deadband:g} doesn't fit the range {low:g} to {high:g}"
        yield Finding(("deadband",), message, "give a small part of the range, 0 or more")
