"""Columns: separators with trays or packing, where vapour and liquid meet."""

import math

from twin.atlas.equipment.equipment import EquipmentError
from twin.atlas.equipment.port import into, out_of, reading
from twin.atlas.equipment.separators import Separator
from twin.atlas.parameters import ParameterField


class Column(Separator):
    """Vessel with trays or packing, where vapour and liquid meet."""

    symbol = "column"
    size = (70.0, 240.0)
    design_fields = (
        *Separator.design_fields,
        ParameterField("stages", "", "number of trays"),
        ParameterField("efficiency", "", "ideal stages a tray is worth"),
    )


class DistillationColumn(Column):
    """Distillation column."""

    ports = (
        into("feed", "left", required=True, many=True),
        out_of("vapour", "top"),
        out_of("liquid", "bottom"),
        into("reflux", "right", 0.12),
        into("boilup", "right", 0.78),
        out_of("to_reboiler", "right", 0.92),
        out_of("side_draw", "left", 0.3, many=True),
        reading("level", "right", 0.6),
    )

    @staticmethod
    def fewest_stages(light_in_top: float, light_in_bottom: float, relative_volatility: float) -> float:
        """Ideal stages, reboiler included, at total reflux (Fenske 1932).

        Parameters
        ----------
        light_in_top, light_in_bottom
            Mole fraction of the lighter of two compounds in top and bottom product.
        relative_volatility
            Of the lighter to the heavier, constant over the column.
        """
        top, bottom = light_in_top / (1 - light_in_top), light_in_bottom / (1 - light_in_bottom)
        return math.log(top / bottom) / math.log(relative_volatility)


class Absorber(Column):
    """Column in which a liquid washes a gas."""

    ports = (
        into("gas", "left", 0.88, required=True, many=True),
        into("liquid_feed", "left", 0.12, required=True, many=True),
        out_of("vapour", "top", required=True),
        out_of("liquid", "bottom", required=True),
        reading("level", "right", 0.5),
    )

    @staticmethod
    def stages_for(unabsorbed: float, absorption_factor: float) -> float:
        """Ideal stages that leave a fraction `unabsorbed` in the gas, washed with fresh liquid (Kremser 1930).

        `absorption_factor` is liquid over gas flow and equilibrium ratio, L / (K G).

        Raises
        ------
        EquipmentError
            Where no number of stages does it, because the factor is too small.
        """
        if absorption_factor == 1.0:
            return 1.0 / unabsorbed - 1.0
        inner = (1.0 / unabsorbed) * (1 - 1 / absorption_factor) + 1 / absorption_factor
        if inner <= 0.0:
            message = f"an absorption factor of {absorption_factor:g} can't leave {unabsorbed:g} in the gas"
            raise EquipmentError(message, remedy="take more liquid or a higher pressure")
        return math.log(inner) / math.log(absorption_factor)


class Stripper(Column):
    """Column with trays, stripped from below."""

    size = (70.0, 220.0)
    ports = (
        into("feed", "left", 0.25, required=True, many=True),
        out_of("vapour", "top"),
        out_of("liquid", "bottom"),
        into("gas", "left", 0.75, many=True),
        into("boilup", "right", 0.75),
        out_of("to_reboiler", "right", 0.92),
        reading("level", "right", 0.5),
    )
