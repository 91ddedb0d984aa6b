"""Reactors: vessels in which reactions run."""

from typing import Final

from twin.atlas.equipment.port import Port, into, out_of, reading
from twin.atlas.equipment.vessels import Vessel
from twin.atlas.parameters import ParameterField
from twin.atlas.quantities import Quantity

_JACKET: Final = (
    ParameterField("jacket_area", "m2", "area that heat passes through"),
    ParameterField("heat_transfer_coefficient", "W/(m2 K)", "from jacket to contents"),
)


class Reactor(Vessel):
    """Vessel in which reactions run."""

    symbol = "reactor"
    size = (120.0, 170.0)

    def residence_time(self, volume_flow: Quantity) -> Quantity:
        """How long the contents stay on average: volume over flow.

        Raises
        ------
        EquipmentError
            Where the volume isn't told.
        WrongDimensionError
            Where `volume_flow` is no volume flow.
        """
        return Quantity(self.designed("volume").base_value / volume_flow.value_in("m3/s"), "s")


class StirredReactor(Reactor):
    """Stirred vessel with a jacket, through which material flows."""

    ports = (
        into("feed", "left", 0.2, required=True, many=True),
        into("feed_2", "left", 0.4, many=True),
        into("top", "top", 0.25, many=True),
        out_of("vapour", "top", 0.75),
        out_of("liquid", "bottom"),
        into("jacket_inlet", "right", 0.82, circuit="jacket"),
        out_of("jacket_outlet", "right", 0.42, circuit="jacket"),
        Port("duty", "in", "energy", "left", 0.7),
        reading("level", "right", 0.25),
    )
    design_fields = (
        *Reactor.design_fields,
        *_JACKET,
        ParameterField("agitator_power", "kW", "of the agitator's motor"),
    )


class TubularReactor(Reactor):
    """Tubes with or without a catalyst, through which material flows as a plug."""

    symbol = "tubes"
    size = (150.0, 50.0)
    ports = (
        into("feed", "left", required=True, many=True),
        out_of("outlet", "right", required=True),
        into("coolant_inlet", "bottom", 0.8, circuit="coolant"),
        out_of("coolant_outlet", "top", 0.2, circuit="coolant"),
        Port("duty", "in", "energy", "bottom", 0.3),
    )
    design_fields = (
        *Reactor.design_fields,
        ParameterField("tubes", "", "number of tubes"),
        ParameterField("length", "m", "of the tubes"),
        ParameterField("catalyst_mass", "kg", "mass of the catalyst"),
    )


class BatchReactor(Reactor):
    """Stirred vessel that is charged, kept and emptied."""

    usual_modes = ("charging", "reacting", "discharging", "cleaning", "shutdown")
    ports = (
        into("charge", "left", 0.2, required=True, many=True),
        out_of("vent", "top", 0.75),
        out_of("discharge", "bottom", required=True),
        into("jacket_inlet", "right", 0.82, circuit="jacket"),
        out_of("jacket_outlet", "right", 0.42, circuit="jacket"),
        Port("duty", "in", "energy", "left", 0.7),
        reading("level", "right", 0.25),
    )
    design_fields = (*Reactor.design_fields, *_JACKET, ParameterField("batch_time", "h", "from charge to charge"))
