"""What drives a process through a scenario, as a recurrent model hears it: levels and means on an even grid."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.matrix.scenario import Change

Array = NDArray[np.float64]


def driving(
    changes: Sequence[Change], before: Mapping[str, float], names: Sequence[str], times_s: Array
) -> tuple[Array, Array]:
    """Level of each of `names` at each time, and its mean since the time before.

    Parameters
    ----------
    changes
        In the order of their beginning, as a scenario holds them; those of other names are left out.
    before
        Values at time 0, by name, in the changes' units.
    names
        In the order of the results' last axis.
    times_s
        Ascending from 0; shape (times,).

    Returns
    -------
    levels, means : Array
        Both of shape (times, names). A change that begins at a time is in the level of that time, but in no mean up to
        it. The first mean is the value before anything changed.
    """
    levels = np.tile([before[name] for name in names], (len(times_s), 1))
    means = levels.copy()
    held = dict(before)
    places = {name: at for at, name in enumerate(names)}
    for change in changes:
        if change.name in places:
            at, by = places[change.name], change.value - held[change.name]
            done, reached = _progress(change, times_s)
            levels[:, at] += by * done
            means[1:, at] += by * np.diff(reached) / np.diff(times_s)
            held[change.name] = change.value
    return levels, means


def _progress(change: Change, times_s: Array) -> tuple[Array, Array]:
    """Share of the change that is done at each time, 0 to 1, and that share's integral from the beginning, s."""
    since = times_s - change.start_s
    after = np.maximum(times_s - change.end_s, 0.0)
    if change.over_s == 0.0:
        return (since >= 0.0).astype(np.float64), after
    within = np.clip(since, 0.0, change.over_s)
    return within / change.over_s, within**2 / (2.0 * change.over_s) + after
