"""Utilities: boilers and cooling towers."""

from twin.atlas.equipment.equipment import Equipment
from twin.atlas.equipment.exchangers import fuel_flow
from twin.atlas.equipment.port import Port, into, out_of, reading
from twin.atlas.parameters import ParameterField
from twin.atlas.quantities import Quantity


class Boiler(Equipment):
    """Boiler that makes steam."""

    symbol = "boiler"
    size = (110.0, 90.0)
    ports = (
        into("feed_water", "left", 0.3, required=True),
        out_of("steam", "top", 0.3, required=True),
        out_of("blowdown", "right", 0.8),
        into("fuel", "left", 0.75, circuit="flame"),
        into("air", "bottom", 0.3, circuit="flame"),
        out_of("flue_gas", "top", 0.75, circuit="flame"),
        Port("duty", "in", "energy", "bottom", 0.7),
        reading("level", "right", 0.3),
    )
    design_fields = (
        *Equipment.design_fields,
        ParameterField("capacity", "t/h", "steam that it is built for"),
        ParameterField("efficiency", "", "part of the fuel's heat that reaches the water"),
    )

    def fuel_needed(self, duty: Quantity, heating_value: Quantity) -> Quantity:
        """Mass flow of fuel for a duty: duty over efficiency and lower heating value.

        Raises
        ------
        EquipmentError
            Where the efficiency isn't told.
        """
        return fuel_flow(duty, float(self.designed("efficiency")), heating_value)


class CoolingTower(Equipment):
    """Tower that cools water by evaporating a part of it."""

    symbol = "tower"
    size = (110.0, 110.0)
    ports = (
        into("hot", "left", 0.2, required=True, many=True),
        into("make_up", "left", 0.85),
        out_of("cold", "right", 0.85, required=True),
        out_of("blowdown", "bottom"),
        Port("fan", "in", "energy", "top"),
    )
    design_fields = (
        *Equipment.design_fields,
        ParameterField("flow", "m3/h", "water that it is built for"),
        ParameterField("duty", "MW", "heat that it is built for"),
    )

    @staticmethod
    def effectiveness(hot: Quantity, cold: Quantity, wet_bulb: Quantity) -> float:
        """Cooling over what would be possible: range / (range + approach to the air's wet bulb temperature)."""
        return (hot.value_in("K") - cold.value_in("K")) / (hot.value_in("K") - wet_bulb.value_in("K"))
