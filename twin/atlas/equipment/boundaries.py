"""Boundaries of a plant: where material, energy and signals come in and leave."""

from typing import ClassVar

from twin.atlas.equipment.equipment import Equipment
from twin.atlas.equipment.port import Port, into, out_of
from twin.atlas.parameters import ParameterField


class Boundary(Equipment):
    """Where a stream crosses the plant's boundary."""

    symbol = "arrow"
    size = (104.0, 28.0)
    design_fields: ClassVar[tuple[ParameterField, ...]] = ()
    usual_modes = ("normal",)


class Feed(Boundary):
    """Where material comes into the plant."""

    ports = (out_of("outlet", "right", required=True),)
    design_fields = (
        ParameterField("temperature", "degC", "usual temperature"),
        ParameterField("pressure", "bar(g)", "usual pressure"),
    )


class Product(Boundary):
    """Where material leaves the plant."""

    ports = (into("inlet", "left", required=True),)


class EnergySupply(Boundary):
    """Where heat or power comes into the plant."""

    ports = (Port("outlet", "out", "energy", "right", required=True, many=True),)
    design_fields = (ParameterField("power", "kW", "the most that it gives"),)


class EnergyDemand(Boundary):
    """Where heat or power leaves the plant."""

    ports = (Port("inlet", "in", "energy", "left", required=True, many=True),)


class SignalInput(Boundary):
    """Where a signal comes from outside, like a setpoint from a scheduler."""

    ports = (Port("outlet", "out", "signal", "right", required=True, many=True),)


class SignalOutput(Boundary):
    """Where a signal goes outside, like a level told to a neighbour."""

    ports = (Port("inlet", "in", "signal", "left", required=True),)
