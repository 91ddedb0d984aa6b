"""Vessels: closed bodies that hold a volume."""

import math

from twin.atlas.equipment.equipment import Equipment, EquipmentError
from twin.atlas.equipment.port import into, out_of, reading
from twin.atlas.parameters import ParameterField
from twin.atlas.quantities import Quantity


class Vessel(Equipment):
    """Upright cylinder that holds a liquid."""

    design_fields = (
        *Equipment.design_fields,
        ParameterField("volume", "m3", "what it holds when full"),
        ParameterField("diameter", "m", "inner diameter"),
        ParameterField("height", "m", "inner height; of a lying one, its length"),
    )

    def liquid_volume(self, level: Quantity) -> Quantity:
        """Volume of the liquid that stands at `level`, a height from the bottom; flat ends.

        Raises
        ------
        EquipmentError
            Where the diameter isn't told, or the level lies outside of the vessel.
        """
        radius, height = self.designed("diameter").base_value / 2, self._height_of_level(level)
        return Quantity(math.pi * radius**2 * height, "m3")

    def _height_of_level(self, level: Quantity) -> float:
        height, top = level.value_in("m"), self._top()
        if not 0.0 <= height <= top:
            raise EquipmentError(f"{self.id} can't hold a level of {level}", remedy=f"give one from 0 to {top:g} m")
        return height

    def _top(self) -> float:
        return self.designed("height").base_value


class Tank(Vessel):
    """Tank that stands upright."""

    ports = (into("inlet", "top", required=True, many=True), out_of("outlet", "bottom"), reading("level"))


class LyingTank(Tank):
    """Tank that lies."""

    symbol = "drum"
    size = (130.0, 60.0)

    def liquid_volume(self, level: Quantity) -> Quantity:
        """Volume of the liquid at `level`: a segment of the circle times the length; flat ends.

        Raises
        ------
        EquipmentError
            Where diameter or length (`height`) isn't told, or the level lies outside of the vessel.
        """
        radius, up = self.designed("diameter").base_value / 2, self._height_of_level(level)
        below = radius - up
        segment = radius**2 * math.acos(below / radius) - below * math.sqrt(max(0.0, radius**2 - below**2))
        return Quantity(segment * self.designed("height").base_value, "m3")

    def _top(self) -> float:
        return self.designed("diameter").base_value
