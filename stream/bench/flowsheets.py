"""Plants of any size for measuring, as plant files: areas of reaction trains with recycles, control loops and tags.

An area has 100 pieces of equipment: 8 trains of 12, each fed by the one before, of which the last one ends in a fired
heater, a splitter that leads a part back to the first train, a sample and a product. Each train sends its vapour back
to its own mixer, and each area a part of its product to the next one. 10 tags a piece, a third of them with limits, one
in a hundred derived.
"""

from collections.abc import Iterator
from typing import Final

EQUIPMENT_PER_AREA: Final = 100
TAGS_PER_EQUIPMENT: Final = 10
_TRAINS: Final = 8

_TRAIN: Final = (
    ("F", "feed", "Feed"), ("FV", "control-valve", "Feed valve"), ("M", "mixer", "Mixer"),
    ("E", "shell-and-tube-exchanger", "Preheater"), ("R", "stirred-reactor", "Reactor"), ("D", "flash-drum", "Drum"),
    ("K", "compressor", "Recycle compressor"), ("T", "tank", "Tank"), ("P", "pump", "Pump"),
    ("FIC", "controller", "Feed controller"), ("LIC", "controller", "Level controller"),
    ("TT", "transmitter", "Thermometer"),
)  # fmt: skip
"""Letters, type and name of the pieces of a train."""

_WAYS: Final = (
    ("F", "FV", "material"), ("FV", "M.inlet", "material"), ("M", "E.inlet", "material"),
    ("E.outlet", "R.feed", "material"), ("R.liquid", "D", "material"), ("D.vapour", "K.suction", "material"),
    ("K.discharge", "M.side_inlet", "material"), ("D.liquid", "T", "material"), ("T.outlet", "P.suction", "material"),
    ("FIC.output", "FV.stem", "signal"), ("LIC.output", "P.speed", "signal"),
)  # fmt: skip
"""From, to, and what the streams within a train carry."""

_TAGS: Final = (
    ("T", "Temperature", "degC", 0, 400), ("P", "Pressure", "bar(g)", 0, 40), ("F", "Flow", "kg/s", 0, 20),
    ("L", "Level", "%", 0, 100), ("A", "Purity", "wt%", 0, 100), ("S", "Speed", "1/min", 0, 6000),
    ("J", "Power", "kW", 0, 900), ("Z", "Position", "%", 0, 100), ("D", "Density", "kg/m3", 400, 1400),
    ("V", "Vibration", "mm", 0, 5),
)  # fmt: skip
"""First letter, description, unit and range of each piece's tags."""


def plant_text(equipment: int, plant: str = "bench") -> str:
    """The plant file of a plant of so many pieces of equipment, a multiple of `EQUIPMENT_PER_AREA`."""
    areas = range(1, equipment // EQUIPMENT_PER_AREA + 1)
    return "\n".join(
        (
            f"atlas: 2\nplant: {plant}\nname: Plant of {equipment} pieces\nsources:\n  - {{name: bench, kind: push}}",
            "areas:",
            *(f"  - {{id: A{area}, name: Area {area}}}" for area in areas),
            "equipment:",
            *(line for area in areas for line in _equipment(area)),
            "streams:",
            *(line for area in areas for line in _streams(area)),
            *(_stream(f"S-{area}-5", f"SP-{area}.outlet", f"M-{area + 1}01.top_inlet") for area in areas[:-1]),
            "tags:",
            *(line for area in areas for line in _tags(area)),
            "",
        )
    )


def pieces(area: int) -> Iterator[tuple[str, str, str, str]]:
    """Id, type, name and what it measures, of each piece of equipment of an area."""
    for train in range(1, _TRAINS + 1):
        at = f"{area}{train:02d}"
        measured = {"FIC": f"S-{at}-1", "LIC": f"T-{at}", "TT": f"R-{at}"}
        for letters, kind, name in _TRAIN:
            yield f"{letters}-{at}", kind, name, measured.get(letters, "")
    yield f"H-{area}", "fired-heater", "Furnace", ""
    yield f"SP-{area}", "splitter", "Splitter", ""
    yield f"AE-{area}", "analyser", "Analyser", ""
    yield f"OUT-{area}", "product", "Product", ""


def _equipment(area: int) -> Iterator[str]:
    for id, kind, name, measured in pieces(area):
        measures = f", measures: {measured}" if measured else ""
        yield f"  - {{id: {id}, type: {kind}, name: {name} {area}, area: A{area}{measures}}}"


def _streams(area: int) -> Iterator[str]:
    for train in range(1, _TRAINS + 1):
        at = f"{area}{train:02d}"
        for n, (source, target, carries) in enumerate(_WAYS, 1):
            yield _stream(f"S-{at}-{n}", _placed(source, at), _placed(target, at), carries)
        after = f"M-{area}{train + 1:02d}.top_inlet" if train < _TRAINS else f"H-{area}.inlet"
        yield _stream(f"S-{at}-0", f"P-{at}.discharge", after)
    yield _stream(f"S-{area}-1", f"H-{area}.outlet", f"SP-{area}")
    yield _stream(f"S-{area}-2", f"SP-{area}.outlet", f"OUT-{area}")
    yield _stream(f"S-{area}-3", f"SP-{area}.top_outlet", f"M-{area}01.top_inlet")
    yield _stream(f"S-{area}-4", f"SP-{area}.side_outlet", f"AE-{area}.sample")


def _stream(name: str, source: str, target: str, carries: str = "material") -> str:
    kind = "" if carries == "material" else f", carries: {carries}"
    return f"  - {{name: {name}, from: {source}, to: {target}{kind}}}"


def _placed(end: str, at: str) -> str:
    letters, dot, port = end.partition(".")
    return f"{letters}-{at}{dot}{port}"


def _tags(area: int) -> Iterator[str]:
    for n, (id, _, name, _) in enumerate(pieces(area)):
        for letter, what, unit, low, high in _TAGS:
            head = f"  - {{name: {letter}I-{id}.PV, description: {what} of {name} {area}, unit: '{unit}', "
            if letter == "V" and n % 10 == 0:
                yield f"{head}range: [{low}, {high}], kind: derived, expression: '[ZI-{id}.PV] / 20', equipment: {id}}}"
                continue
            span = high - low
            limits = f", limits: {{low: {low + span // 10}, high: {high - span // 10}}}" if letter in "TPF" else ""
            yield f"{head}range: [{low}, {high}]{limits}, equipment: {id}, address: {letter}{id}}}"
