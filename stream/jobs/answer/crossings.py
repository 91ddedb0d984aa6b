"""Which limits a case crosses, when, and in how many of its members."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from stream.jobs.answer.shown import Shown
from stream.jobs.report import Case, Crossing, LimitName, Shutdown
from twin.matrix.trajectory import Trajectory

_LEAST = 0.1
"""Share of members from which on a crossing is worth telling."""

_LIMITS: tuple[tuple[LimitName, bool], ...] = (
    ("low_low", False), ("low", False), ("high", True), ("high_high", True),
)  # fmt: skip


def crossings(case: Case, told: Trajectory, outputs: Iterable[Shown]) -> list[Crossing]:
    """Crossings in the order of time; a limit that is passed at the beginning already is not crossed."""
    found = [each for one in outputs for each in _of_output(case, one, one.values(told[one.name]), told.times_s)]
    return sorted(found, key=lambda crossing: crossing.time_s)


def beyond_now(told: Trajectory, outputs: Iterable[Shown]) -> list[tuple[Shown, LimitName, float]]:
    """Outputs that are beyond a limit at the beginning, with that limit; the outermost only."""
    found = []
    for one in outputs:
        begun = float(np.median(one.values(told[one.name][:, 0])))
        passed = [(name, limit) for name, limit, above in _limits(one) if (begun >= limit if above else begun <= limit)]
        outermost = [each for each in passed if each[0] in ("low_low", "high_high")] or passed
        found += [(one, name, limit) for name, limit in outermost]
    return found


def shutdowns(case: Case, told: Trajectory) -> list[Shutdown]:
    """Each reason for which members shut down, with its earliest time and their share."""
    reasons: dict[str, list[float]] = {}
    for trip in told.trips:
        if trip is not None:
            reasons.setdefault(trip.reason, []).append(trip.time_s)
    return [
        Shutdown(case=case, time_s=min(times), reason=reason, probability=len(times) / told.members)
        for reason, times in reasons.items()
    ]


def _limits(output: Shown) -> Iterator[tuple[LimitName, float, bool]]:
    for name, above in _LIMITS:
        limit = getattr(output.limits, name)
        if limit is not None:
            yield name, limit, above


def _of_output(
    case: Case, output: Shown, values: NDArray[np.float64], times_s: NDArray[np.float64]
) -> Iterator[Crossing]:
    for name, limit, above in _limits(output):
        beyond = values >= limit if above else values <= limit
        if np.mean(beyond[:, 0]) >= 0.5:
            continue
        crosses = beyond.any(axis=1)
        if np.mean(crosses) >= _LEAST:
            first = times_s[beyond[crosses].argmax(axis=1)]
            yield Crossing(
                tag=output.name,
                description=output.description,
                unit=output.unit,
                decimals=output.decimals,
                limit=name,
                limit_value=limit,
                case=case,
                time_s=float(np.median(first)),
                probability=float(np.mean(crosses)),
            )
