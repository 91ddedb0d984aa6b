"""Movers: pumps, compressors and turbines."""

from typing import ClassVar, Final

from twin.atlas.equipment.equipment import Equipment
from twin.atlas.equipment.port import Port, into, out_of
from twin.atlas.parameters import ParameterField
from twin.atlas.quantities import Quantity

GAS_CONSTANT: Final = 8.314462618
"""J/(mol K), exact since 2019 (CODATA)."""


class Mover(Equipment):
    """Machine that raises the pressure of what flows through it."""

    ports: ClassVar[tuple[Port, ...]] = (
        into("suction", "left", required=True, many=True),
        out_of("discharge", "right", required=True),
        Port("power", "in", "energy", "bottom"),
        Port("speed", "in", "signal", "top"),
    )
    design_fields = (
        *Equipment.design_fields,
        ParameterField("efficiency", "", "part of the shaft's power that the fluid gets"),
        ParameterField("power", "kW", "of its motor"),
        ParameterField("speed", "rpm", "of its shaft"),
    )


class Pump(Mover):
    """Pump for liquids."""

    symbol = "pump"
    size = (44.0, 44.0)
    design_fields = (
        *Mover.design_fields,
        ParameterField("flow", "m3/h", "volume flow that it is built for"),
        ParameterField("head", "m", "height that it lifts that flow"),
    )

    @staticmethod
    def hydraulic_power(volume_flow: Quantity, pressure_rise: Quantity) -> Quantity:
        """Power that the liquid gets: volume flow times pressure rise."""
        return Quantity(volume_flow.value_in("m3/s") * pressure_rise.value_in("Pa"), "W")

    def shaft_power(self, volume_flow: Quantity, pressure_rise: Quantity) -> Quantity:
        """Power at the shaft: hydraulic power over efficiency.

        Raises
        ------
        EquipmentError
            Where the efficiency isn't told.
        """
        return self.hydraulic_power(volume_flow, pressure_rise) / float(self.designed("efficiency"))


class Compressor(Mover):
    """Machine that compresses a gas."""

    symbol = "compressor"
    size = (60.0, 56.0)
    design_fields = (*Mover.design_fields, ParameterField("ratio", "", "discharge over suction pressure, absolute"))

    def shaft_power(
        self, molar_flow: Quantity, suction_temperature: Quantity, ratio: float, heat_capacity_ratio: float
    ) -> Quantity:
        """Power at the shaft for an ideal gas, adiabatic, with the isentropic efficiency.

        Raises
        ------
        EquipmentError
            Where the efficiency isn't told.
        """
        work = isentropic_work(suction_temperature.value_in("K"), ratio, heat_capacity_ratio)
        return Quantity(molar_flow.value_in("mol/s") * work / float(self.designed("efficiency")), "W")


class Turbine(Equipment):
    """Machine that turns a gas's or a steam's pressure into power."""

    symbol = "turbine"
    size = (60.0, 56.0)
    ports = (
        into("inlet", "left", required=True, many=True),
        out_of("exhaust", "right", required=True),
        Port("power", "out", "energy", "bottom"),
    )
    design_fields = Mover.design_fields

    def shaft_power(
        self, molar_flow: Quantity, inlet_temperature: Quantity, ratio: float, heat_capacity_ratio: float
    ) -> Quantity:
        """Power that the shaft gives for an ideal gas; `ratio` is inlet over exhaust pressure, absolute.

        Raises
        ------
        EquipmentError
            Where the efficiency isn't told.
        """
        work = -isentropic_work(inlet_temperature.value_in("K"), 1.0 / ratio, heat_capacity_ratio)
        return Quantity(molar_flow.value_in("mol/s") * work * float(self.designed("efficiency")), "W")


def isentropic_work(temperature_k: float, ratio: float, heat_capacity_ratio: float) -> float:
    """Work in J/mol that brings an ideal gas to `ratio` times its pressure: k R T / (k-1) (r^((k-1)/k) - 1)."""
    part = (heat_capacity_ratio - 1.0) / heat_capacity_ratio
    return GAS_CONSTANT * temperature_k / part * (float(ratio**part) - 1.0)
