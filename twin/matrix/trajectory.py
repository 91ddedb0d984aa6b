"""Trajectories: what a model answers to a scenario, for one member or an ensemble."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.matrix.declaration import Variable

VERSION = 1


@dataclass(frozen=True)
class Trip:
    """The end of a member's run: the process shut itself down at `time_s` for `reason`."""

    time_s: float
    reason: str


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Outputs over time; read-only, so whoever makes one leaves the arrays alone from then on.

    Parameters
    ----------
    model
        Name and version of the model that made it.
    names, units
        Of the outputs, in order.
    times_s
        Seconds from the scenario's beginning, ascending; shape (times,).
    values
        Shape (members, times, outputs), in `units`. After a trip there is nothing to tell: NaN.
    trips
        By member; None for one that ran to the horizon.
    """

    model: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    times_s: NDArray[np.float64]
    values: NDArray[np.float64]
    trips: tuple[Trip | None, ...]

    def __post_init__(self) -> None:
        for name in ("times_s", "values"):
            array = np.asarray(getattr(self, name), dtype=np.float64).view()
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        expected = (len(self.trips), len(self.times_s), len(self.names))
        if self.values.shape != expected or len(self.units) != len(self.names):
            raise ValueError(f"values of shape {self.values.shape} where {expected} is told; give all of every member")

    @classmethod
    def of(
        cls,
        model: str,
        outputs: Iterable[Variable],
        times_s: NDArray[np.float64],
        values: NDArray[np.float64],
        trips: Iterable[Trip | None] = (),
    ) -> "Trajectory":
        """The trajectory of a model's declared outputs; what lies after a trip is blanked here."""
        declared = tuple(outputs)
        ended = tuple(trips) or (None,) * len(values)
        told = values.copy() if any(ended) else values
        for member, trip in enumerate(ended):
            if trip is not None:
                told[member, times_s > trip.time_s] = np.nan
        names, units = tuple(one.name for one in declared), tuple(one.unit for one in declared)
        return cls(model, names, units, times_s, told, ended)

    @property
    def members(self) -> int:
        """How many members it tells of."""
        return len(self.values)

    @cached_property
    def _index(self) -> Mapping[str, int]:
        return {name: at for at, name in enumerate(self.names)}

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """One output of all members; shape (members, times). Raises `KeyError` for a name that isn't told."""
        return self.values[:, :, self._index[name]]

    def unit_of(self, name: str) -> str:
        """Unit of an output."""
        return self.units[self._index[name]]

    def member(self, index: int) -> "Trajectory":
        """One member alone."""
        return replace(self, values=self.values[[index]], trips=(self.trips[index],))

    def to_json(self) -> dict[str, Any]:
        """Numbers, texts and lists only; `None` where there is nothing to tell after a trip.

        The values stand by output and member, as plots want them.
        """
        by_output: NDArray[Any] = np.moveaxis(self.values, 2, 0)
        if np.isnan(by_output).any():
            blank = np.isnan(by_output)
            by_output = by_output.astype(object)
            by_output[blank] = None
        return {
            "version": VERSION,
            "model": self.model,
            "times_s": self.times_s.tolist(),
            "outputs": [
                {"name": name, "unit": unit, "values": values}
                for name, unit, values in zip(self.names, self.units, by_output.tolist(), strict=True)
            ],
            "trips": [trip and {"time_s": trip.time_s, "reason": trip.reason} for trip in self.trips],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Trajectory":
        """Read what `to_json` wrote.

        Raises
        ------
        ValueError
            Where it is of another version.
        """
        if content.get("version") != VERSION:
            raise ValueError(f"a trajectory of version {content.get('version')}; simulate again")
        outputs = content["outputs"]
        values = np.array([output["values"] for output in outputs], dtype=np.float64)
        return cls(
            content["model"],
            tuple(output["name"] for output in outputs),
            tuple(output["unit"] for output in outputs),
            np.array(content["times_s"]),
            np.moveaxis(values, 0, 2),
            tuple(trip and Trip(**trip) for trip in content["trips"]),
        )
