"""Separators: vessels that part phases."""

import math

from twin.atlas.equipment.port import into, out_of, reading
from twin.atlas.equipment.vessels import Vessel
from twin.atlas.parameters import ParameterField
from twin.atlas.quantities import Quantity


class Separator(Vessel):
    """Vessel that parts phases."""

    size = (80.0, 150.0)


class FlashDrum(Separator):
    """Upright vessel that parts vapour and liquid."""

    ports = (
        into("feed", "left", 0.4, required=True, many=True),
        out_of("vapour", "top"),
        out_of("liquid", "bottom"),
        reading("level"),
    )
    design_fields = (
        *Separator.design_fields,
        ParameterField("droplet_factor", "m/s", "K of Souders and Brown; about 0.1 m/s with a demister"),
    )

    def greatest_vapour_velocity(self, vapour_density: Quantity, liquid_density: Quantity) -> Quantity:
        """Velocity above which droplets are carried along: K sqrt((liquid - vapour) / vapour), Souders and Brown 1934.

        Raises
        ------
        EquipmentError
            Where the droplet factor isn't told.
        """
        vapour, liquid = vapour_density.value_in("kg/m3"), liquid_density.value_in("kg/m3")
        factor = self.designed("droplet_factor").value_in("m/s")
        return Quantity(factor * math.sqrt((liquid - vapour) / vapour), "m/s")


class Decanter(Separator):
    """Lying vessel in which two liquids settle."""

    symbol = "drum"
    size = (150.0, 64.0)
    ports = (
        into("feed", "left", required=True, many=True),
        out_of("vent", "top"),
        out_of("light", "right", 0.3, required=True),
        out_of("heavy", "bottom", required=True),
        reading("level", "right", 0.8),
    )

    def settling_velocity(
        self, droplet: Quantity, light_density: Quantity, heavy_density: Quantity, viscosity: Quantity
    ) -> Quantity:
        """Velocity at which droplets of a diameter rise or sink by Stokes: g d^2 (heavy - light) / (18 viscosity)."""
        difference = heavy_density.value_in("kg/m3") - light_density.value_in("kg/m3")
        return Quantity(9.80665 * droplet.value_in("m") ** 2 * difference / (18 * viscosity.value_in("Pa s")), "m/s")


class Filter(Separator):
    """Filter that keeps solids back."""

    symbol = "filter"
    size = (70.0, 70.0)
    ports = (
        into("feed", "left", required=True, many=True),
        out_of("filtrate", "right", required=True),
        out_of("solids", "bottom"),
    )
    design_fields = (
        *Separator.design_fields,
        ParameterField("surface", "m2", "of the cloth or cartridge"),
        ParameterField("mesh", "um", "smallest grain that is kept"),
    )
