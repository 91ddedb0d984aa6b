"""What a process model takes of the live twin: the newest usable value of each tag, with its unit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from analytics.quality import is_bad
from twin.atlas.state import NEVER, PlantState
from twin.atlas.tags import TagTable
from twin.atlas.units import UnitError, convert
from twin.matrix.declaration import Variable
from twin.matrix.errors import SnapshotError


@dataclass(frozen=True)
class TwinSnapshot:
    """Values of a plant's tags at one moment; what is Bad or never came is not among them.

    `values` and `units` are by tag name.
    """

    plant: str
    values: Mapping[str, float]
    units: Mapping[str, str]

    @classmethod
    def of(cls, table: TagTable, state: PlantState) -> "TwinSnapshot":
        """The usable values of a twin's state, in the tags' stored units."""
        usable = ~is_bad(state.quality) & (state.times != NEVER) & np.isfinite(state.values)
        tags = [tag for tag, wanted in zip(table.tags, usable, strict=True) if wanted]
        values = state.values[usable].tolist()
        return cls(
            str(table.plant),
            {tag.name: value for tag, value in zip(tags, values, strict=True)},
            {tag.name: tag.unit for tag in tags},
        )

    def value(self, variable: Variable) -> float:
        """The value of the tag called like `variable`, in the variable's unit.

        Raises
        ------
        SnapshotError
            Where the twin has no usable value, or measures something else under that name.
        """
        name = variable.name
        if name not in self.values:
            raise SnapshotError(
                f"{self.plant} has no usable value of {name}",
                remedy=f"give the plant a tag {name}, or wait until it reports",
            )
        unit = self.units[name]
        if unit == variable.unit or variable.states:
            return self.values[name]
        try:
            return convert(self.values[name], unit, variable.unit)
        except UnitError as error:
            raise SnapshotError(
                f"{name} of {self.plant} is in '{unit}', the model's in '{variable.unit}': {error.message}",
                remedy="give the tag the unit of the same kind",
            ) from error

    def known(self, variables: Iterable[Variable]) -> dict[str, float]:
        """Values of those variables that the twin has, by name, in the variables' units."""
        return {variable.name: self.value(variable) for variable in variables if variable.name in self.values}
