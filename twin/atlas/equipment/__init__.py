"""Equipment: its classes by kind, the table of types, and the registry that other packages add theirs to.

Equipment                       ports, design data, operating modes
|-- Boundary                    Feed, Product, EnergySupply, EnergyDemand, SignalInput, SignalOutput
|-- Vessel                      holds a volume
|   |-- Tank                    and LyingTank
|   |-- Reactor                 StirredReactor, TubularReactor, BatchReactor
|   `-- Separator               FlashDrum, Decanter, Filter
|       `-- Column              DistillationColumn, Absorber, Stripper
|-- HeatExchanger               shell and tube, condenser, reboiler, cooler, heater: rows of the table
|-- FiredHeater, Boiler, CoolingTower
|-- Mover                       Pump, Compressor; Turbine gives power instead
|-- Valve                       and ControlValve
|-- Mixer, Splitter
`-- Instrument                  Transmitter, Analyser, Controller
"""

from twin.atlas.equipment.boundaries import (
    Boundary,
    EnergyDemand,
    EnergySupply,
    Feed,
    Product,
    SignalInput,
    SignalOutput,
)
from twin.atlas.equipment.columns import Absorber, Column, DistillationColumn, Stripper
from twin.atlas.equipment.equipment import USUAL_MODES, Equipment, EquipmentError
from twin.atlas.equipment.equipment_type import EquipmentType
from twin.atlas.equipment.exchangers import FiredHeater, HeatExchanger
from twin.atlas.equipment.instruments import Analyser, Controller, Instrument, Transmitter
from twin.atlas.equipment.junctions import Mixer, Splitter
from twin.atlas.equipment.movers import Compressor, Mover, Pump, Turbine
from twin.atlas.equipment.port import Carries, Flow, Point, Port, Side, into, out_of, reading
from twin.atlas.equipment.reactors import BatchReactor, Reactor, StirredReactor, TubularReactor
from twin.atlas.equipment.registry import equipment_types, find_type, type_faults
from twin.atlas.equipment.separators import Decanter, Filter, FlashDrum, Separator
from twin.atlas.equipment.types import EQUIPMENT_TYPES, RENAMED
from twin.atlas.equipment.utilities import Boiler, CoolingTower
from twin.atlas.equipment.valves import ControlValve, Valve
from twin.atlas.equipment.vessels import LyingTank, Tank, Vessel
from twin.atlas.parameters import ParameterField

__all__ = [
    "EQUIPMENT_TYPES", "RENAMED", "USUAL_MODES", "Absorber", "Analyser", "BatchReactor", "Boiler", "Boundary",
    "Carries", "Column", "Compressor", "ControlValve", "Controller", "CoolingTower", "Decanter", "DistillationColumn",
    "EnergyDemand", "EnergySupply", "Equipment", "EquipmentError", "EquipmentType", "Feed", "Filter", "FiredHeater",
    "FlashDrum", "Flow", "HeatExchanger", "Instrument", "LyingTank", "Mixer", "Mover", "ParameterField", "Point",
    "Port", "Product", "Pump", "Reactor", "Separator", "Side", "SignalInput", "SignalOutput", "Splitter",
    "StirredReactor", "Stripper", "Tank", "Transmitter", "TubularReactor", "Turbine", "Valve", "Vessel",
    "equipment_types", "find_type", "into", "out_of", "reading", "type_faults",
]  # fmt: skip
