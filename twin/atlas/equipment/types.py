"""The one table of the types that ship; another package adds its own by entry point (`registry`)."""

from typing import Final

from twin.atlas.equipment.boundaries import EnergyDemand, EnergySupply, Feed, Product, SignalInput, SignalOutput
from twin.atlas.equipment.columns import Absorber, DistillationColumn, Stripper
from twin.atlas.equipment.equipment_type import EquipmentType
from twin.atlas.equipment.exchangers import FiredHeater, HeatExchanger
from twin.atlas.equipment.instruments import Analyser, Controller, Transmitter
from twin.atlas.equipment.junctions import Mixer, Splitter
from twin.atlas.equipment.movers import Compressor, Pump, Turbine
from twin.atlas.equipment.reactors import BatchReactor, StirredReactor, TubularReactor
from twin.atlas.equipment.separators import Decanter, Filter, FlashDrum
from twin.atlas.equipment.utilities import Boiler, CoolingTower
from twin.atlas.equipment.valves import ControlValve, Valve
from twin.atlas.equipment.vessels import LyingTank, Tank

_row = EquipmentType.of

EQUIPMENT_TYPES: Final[dict[str, EquipmentType]] = {
    row.name: row
    for row in (
        _row("feed", Feed),
        _row("product", Product),
        _row("energy-supply", EnergySupply),
        _row("energy-demand", EnergyDemand),
        _row("signal-input", SignalInput),
        _row("signal-output", SignalOutput),
        _row("stirred-reactor", StirredReactor),
        _row("tubular-reactor", TubularReactor),
        _row("batch-reactor", BatchReactor),
        _row("tank", Tank),
        _row("lying-tank", LyingTank),
        _row("flash-drum", FlashDrum),
        _row("decanter", Decanter),
        _row("filter", Filter),
        _row("distillation-column", DistillationColumn),
        _row("absorber", Absorber),
        _row("stripper", Stripper),
        _row("shell-and-tube-exchanger", HeatExchanger, "shell-and-tube heat exchanger"),
        _row("condenser", HeatExchanger, "heat exchanger that condenses a vapour"),
        _row("reboiler", HeatExchanger, "heat exchanger that boils a liquid"),
        _row("cooler", HeatExchanger, "heat exchanger that cools"),
        _row("heater", HeatExchanger, "heat exchanger that heats"),
        _row("fired-heater", FiredHeater),
        _row("pump", Pump),
        _row("compressor", Compressor),
        _row("blower", Compressor, "machine that moves a gas at low pressure", "blower"),
        _row("turbine", Turbine),
        _row("control-valve", ControlValve),
        _row("valve", Valve),
        _row("check-valve", Valve, "valve that lets material through one way only", "check-valve"),
        _row("mixer", Mixer),
        _row("splitter", Splitter),
        _row("boiler", Boiler),
        _row("cooling-tower", CoolingTower),
        _row("transmitter", Transmitter),
        _row("analyser", Analyser),
        _row("controller", Controller),
    )
}
"""Every type that ships by name, as a plant file writes it."""

RENAMED: Final = {
    "column": "distillation-column", "separator": "flash-drum", "heat-exchanger": "shell-and-tube-exchanger",
}  # fmt: skip
"""Names of types in version 1 of the plant file, and what they are called now."""
