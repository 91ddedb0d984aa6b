"""Instruments and controllers (ISA-5.1)."""

from dataclasses import dataclass
from typing import ClassVar

from twin.atlas.equipment.equipment import Equipment
from twin.atlas.equipment.port import Port, into, out_of, reading
from twin.atlas.parameters import ParameterField


@dataclass(frozen=True, kw_only=True)
class Instrument(Equipment):
    """What measures.

    Parameters
    ----------
    measures
        Id of the equipment or name of the stream that it measures; empty where a stream brings the measurement.
    """

    usual_modes: ClassVar[tuple[str, ...]] = ("normal",)
    design_fields: ClassVar[tuple[ParameterField, ...]] = (ParameterField("accuracy", "%", "part of its range"),)

    measures: str = ""


class Transmitter(Instrument):
    """Instrument that measures in place and tells its value."""

    symbol = "bubble"
    size = (40.0, 40.0)
    ports = (reading("signal", "right"),)


class Analyser(Instrument):
    """Analyser with its own sample line."""

    symbol = "analyser"
    size = (44.0, 34.0)
    ports = (into("sample", "left"), out_of("return", "right"), reading("result", "top"))
    design_fields = (*Instrument.design_fields, ParameterField("cycle", "min", "from one result to the next"))


class Controller(Instrument):
    """Controller: measures or takes a measurement, and drives an actuator or another controller's setpoint."""

    symbol = "bubble"
    size = (40.0, 40.0)
    usual_modes = ("manual", "automatic", "cascade")
    ports = (
        Port("measurement", "in", "signal", "left"),
        Port("setpoint", "in", "signal", "top"),
        Port("output", "out", "signal", "bottom", required=True, many=True),
    )
    design_fields = (ParameterField("action", None, "direct or reverse"),)
