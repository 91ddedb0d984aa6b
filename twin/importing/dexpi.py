"""Reads DEXPI diagrams (Proteus XML) through pydexpi; the only place that imports it.

pydexpi is under the AGPL and an extra of its own (ADR 7): nothing but the import of a diagram needs it.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from twin.importing.drawing import Drawing, DrawnInstrument, DrawnItem, DrawnLine, ItemKind
from twin.importing.imported import ForeignFileError

if TYPE_CHECKING:
    from pydexpi.dexpi_classes.pydantic_classes import ConceptualModel

TYPES: Final[dict[str, str]] = {
    "Silo": "tank", "Tank": "tank", "Vessel": "tank", "ProcessColumn": "distillation-column",
    "TaggedColumnSection": "distillation-column", "Furnace": "fired-heater", "Boiler": "boiler",
    "SteamGenerator": "boiler", "ElectricHeater": "heater", "Heater": "fired-heater", "AirCoolingSystem": "cooler",
    "CoolingTower": "cooling-tower", "HeatExchanger": "shell-and-tube-exchanger", "Pump": "pump",
    "Compressor": "compressor", "Blower": "blower", "Fan": "blower", "Turbine": "turbine", "Filter": "filter",
    "GravitationalSeparator": "decanter", "Separator": "flash-drum", "Sieve": "filter", "StaticMixer": "mixer",
    "Mixer": "stirred-reactor",
}  # fmt: skip
"""Type of equipment by DEXPI class; a class that isn't here is taken for the nearest one that it derives from."""

_OTHERWISE: Final = "tank"


def read_dexpi(text: str) -> Drawing:
    """Read a diagram.

    Raises
    ------
    ForeignFileError
        Where pydexpi isn't installed, or the text is no DEXPI.
    """
    try:
        from pydexpi.loaders.proteus_serializer.core import ProteusLoader
        from pydexpi.loaders.proteus_serializer.parser_factory import ParserFactory
    except ModuleNotFoundError as error:
        raise ForeignFileError(
            "reading a P&ID needs pydexpi, which is not installed",
            remedy="add the extra 'dexpi' (licence: AGPL-3): .venv/bin/python -m pip install pydexpi",
        ) from error
    loader = ProteusLoader(ParserFactory())
    try:
        model = loader.load_xmlstring(text).conceptualModel
    except Exception as error:  # pydexpi lets through whatever a broken file makes its parsers raise
        raise ForeignFileError(
            f"the P&ID can't be read as DEXPI: {error}", remedy="export it as DEXPI 1.3 in Proteus XML 4.1"
        ) from error
    if model is None or not (model.taggedPlantItems or model.pipingNetworkSystems):
        raise ForeignFileError("the P&ID shows no equipment", remedy="export it with its equipment and piping")
    found = _Reader(model)
    lost = [entry.message for entry in loader.get_error_registry().get_errors() if entry.level.value == "error"]
    notes = [*found.notes, *(f"pydexpi: {message}" for message in dict.fromkeys(lost))]
    return Drawing(found.items, found.lines, found.instruments, tuple(notes))


class _Reader:
    """Goes through pydexpi's objects, which have an id each."""

    def __init__(self, model: "ConceptualModel") -> None:
        self.notes: list[str] = []
        self._owners: dict[str, str] = {}
        self._chambers: dict[str, str] = {}
        self._driven = _driven_valves(model)
        segments = [segment for system in model.pipingNetworkSystems for segment in system.segments]
        equipment = [self._equipment(item) for item in model.taggedPlantItems]
        fittings = [self._piped(item) for segment in segments for item in segment.items]
        self.items = (*equipment, *fittings)
        self.lines = tuple(self._lines(segments))
        self.instruments = tuple(self._instruments(model))

    def _equipment(self, item: Any) -> DrawnItem:
        for nozzle in _nozzles(item):
            self._owners[nozzle.id] = item.id
            self._chambers[nozzle.id] = nozzle.chamber.id if nozzle.chamber else ""
        names = [kind.__name__ for kind in type(item).__mro__]
        found = next((TYPES[name] for name in names if name in TYPES), "")
        label = item.tagName or "".join(
            part or "" for part in (item.tagNamePrefix, item.tagNameSequenceNumber, item.tagNameSuffix)
        )
        if not found:
            self.notes.append(f"{label or 'An item without a tag'} is a {names[0]} and taken for a {_OTHERWISE}.")
        return DrawnItem(
            item.id, "equipment", found or _OTHERWISE, label, getattr(item, "equipmentDescription", "") or ""
        )

    def _piped(self, item: Any) -> DrawnItem:
        names = {kind.__name__ for kind in type(item).__mro__}
        if "PipeOffPageConnector" in names:
            kind: ItemKind = "feed" if "FlowInPipeOffPageConnector" in names else "product"
            return DrawnItem(item.id, kind, kind)
        if item.id in self._driven or type(item).__name__ in ("OperatedValve", "CustomOperatedValve"):
            label = item.pipingComponentName or item.pipingComponentNumber or self._driven.get(item.id, "")
            return DrawnItem(item.id, "equipment", "control-valve", label)
        return DrawnItem(item.id, "fitting")

    def _lines(self, segments: list[Any]) -> Iterator[DrawnLine]:
        for segment in segments:
            for pipe in segment.connections:
                source, target = getattr(pipe.sourceItem, "id", ""), getattr(pipe.targetItem, "id", "")
                yield DrawnLine(
                    self._owners.get(source, source) or None, self._owners.get(target, target) or None, segment.id,
                    self._chambers.get(source, ""), self._chambers.get(target, ""),
                )  # fmt: skip

    def _instruments(self, model: "ConceptualModel") -> Iterator[DrawnInstrument]:
        for function in model.processInstrumentationFunctions:
            letters = (function.processInstrumentationFunctionCategory or "") + (
                function.processInstrumentationFunctions or ""
            )
            number = function.processInstrumentationFunctionNumber or ""
            places = [
                each.sensingLocation for each in function.processSignalGeneratingFunctions if each.sensingLocation
            ]
            at = places[0].id if places else ""
            if letters and number and places:
                yield DrawnInstrument(f"{letters}-{number}", self._owners.get(at, at))


def _nozzles(item: Any) -> list[Any]:
    """Nozzles of an item, and of the chambers and sections inside it."""
    sections = getattr(item, "columnSections", [])
    return [*item.nozzles, *(nozzle for section in sections for nozzle in getattr(section, "nozzles", []))]


def _driven_valves(model: "ConceptualModel") -> dict[str, str]:
    """Number of the actuator by the id of the valve that it drives."""
    return {
        system.operatedValveReference.valve.id: system.actuatingSystemNumber or ""
        for system in model.actuatingSystems
        if system.operatedValveReference is not None and system.operatedValveReference.valve is not None
    }
