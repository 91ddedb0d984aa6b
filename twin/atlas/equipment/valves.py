"""Valves."""

import math
from typing import ClassVar

from twin.atlas.equipment.equipment import Equipment
from twin.atlas.equipment.port import Port, into, out_of
from twin.atlas.parameters import ParameterField
from twin.atlas.quantities import Quantity


class Valve(Equipment):
    """Valve without an actuator."""

    symbol = "hand-valve"
    size = (36.0, 20.0)
    ports: ClassVar[tuple[Port, ...]] = (into("inlet", "left", required=True), out_of("outlet", "right", required=True))
    design_fields = (
        *Equipment.design_fields,
        ParameterField("kv", "m3/h", "flow of water at a pressure drop of 1 bar, open"),
        ParameterField("nominal_diameter", "mm", "of its flanges"),
    )

    def liquid_flow(self, pressure_drop: Quantity, density: Quantity, opening: float = 1.0) -> Quantity:
        """Volume flow of a liquid: opening times Kv times sqrt(pressure drop / 1 bar / relative density), IEC 60534.

        `opening` is the part of Kv that is open; the liquid neither flashes nor cavitates.

        Raises
        ------
        EquipmentError
            Where Kv isn't told.
        """
        drop = pressure_drop.value_in("bar") / (density.value_in("kg/m3") / 1000.0)
        return Quantity(opening * self.designed("kv").value_in("m3/h") * math.sqrt(drop), "m3/h")


class ControlValve(Valve):
    """Valve with an actuator."""

    symbol = "valve"
    size = (36.0, 30.0)
    ports = (
        into("inlet", "left", 0.667, required=True),
        out_of("outlet", "right", 0.667, required=True),
        Port("stem", "in", "signal", "top"),
    )
    design_fields = (*Valve.design_fields, ParameterField("fails", None, "where it goes without air: open, closed"))
