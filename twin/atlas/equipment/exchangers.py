"""Heat exchangers, and furnaces, which take their heat from a flame."""

import math

from twin.atlas.equipment.equipment import Equipment, EquipmentError
from twin.atlas.equipment.port import Port, into, out_of
from twin.atlas.parameters import ParameterField
from twin.atlas.quantities import Quantity


def log_mean(one: float, other: float) -> float:
    """Logarithmic mean of two differences; their mean where they are nearly equal, where the formula loses digits."""
    if math.isclose(one, other, rel_tol=1e-6):
        return (one + other) / 2
    return (one - other) / math.log(one / other)


class HeatExchanger(Equipment):
    """Heat exchanger whose service side heats or cools, in counter-current."""

    symbol = "exchanger"
    size = (56.0, 56.0)
    ports = (
        into("inlet", "left", required=True),
        out_of("outlet", "right", required=True),
        into("service_inlet", "bottom", circuit="service"),
        out_of("service_outlet", "top", circuit="service"),
        Port("duty", "in", "energy", "bottom", 0.8),
    )
    design_fields = (
        *Equipment.design_fields,
        ParameterField("surface", "m2", "area that heat passes through"),
        ParameterField("heat_transfer_coefficient", "W/(m2 K)", "overall"),
        ParameterField("duty", "kW", "heat that it is built for"),
    )

    def heat_flow(
        self, inlet: Quantity, outlet: Quantity, service_inlet: Quantity, service_outlet: Quantity
    ) -> Quantity:
        """Heat that passes at these four temperatures: U A times their logarithmic mean difference; in counter-current.

        Raises
        ------
        EquipmentError
            Where coefficient or surface isn't told, or the temperatures cross, so that no heat could pass.
        """
        warm = inlet.value_in("K") - service_outlet.value_in("K")
        cold = outlet.value_in("K") - service_inlet.value_in("K")
        if warm * cold <= 0.0:
            message = f"in {self.id} the temperatures cross: {warm:g} K at one end, {cold:g} K at the other"
            raise EquipmentError(message, remedy="check which stream enters where")
        coefficient = self.designed("heat_transfer_coefficient").value_in("W/(m2 K)")
        surface = self.designed("surface").value_in("m2")
        return Quantity(coefficient * surface * log_mean(abs(warm), abs(cold)), "W")


class FiredHeater(Equipment):
    """Furnace that heats what flows through its coils."""

    symbol = "furnace"
    size = (90.0, 130.0)
    ports = (
        into("inlet", "left", required=True),
        out_of("outlet", "right", required=True),
        into("fuel", "bottom", 0.35, circuit="flame"),
        into("air", "bottom", 0.65, circuit="flame"),
        out_of("flue_gas", "top", circuit="flame"),
        Port("duty", "in", "energy", "left", 0.85),
    )
    design_fields = (
        *Equipment.design_fields,
        ParameterField("duty", "MW", "heat that it is built for"),
        ParameterField("efficiency", "", "part of the fuel's heat that reaches the coils"),
    )

    def fuel_needed(self, duty: Quantity, heating_value: Quantity) -> Quantity:
        """Mass flow of fuel for a duty: duty over efficiency and lower heating value.

        Raises
        ------
        EquipmentError
            Where the efficiency isn't told.
        """
        return fuel_flow(duty, float(self.designed("efficiency")), heating_value)


def fuel_flow(duty: Quantity, efficiency: float, heating_value: Quantity) -> Quantity:
    """Mass flow of fuel of a lower heating value whose heat reaches its aim in part."""
    return Quantity(duty.value_in("W") / (efficiency * heating_value.value_in("J/kg")), "kg/s")
