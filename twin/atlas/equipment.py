"""Equipment: pieces of a plant, and the one table that says what types there are, with which ports and which symbol."""

from dataclasses import dataclass
from typing import Final, Literal

Carries = Literal["material", "energy", "signal"]
Flow = Literal["in", "out"]
Side = Literal["left", "right", "top", "bottom"]
Point = tuple[float, float]


@dataclass(frozen=True)
class Port:
    """Where a stream meets a piece of equipment.

    `side` and `along` (0 to 1, from the top or the left) place it on the symbol; `required` ports must be joined, and
    at `many` ports several streams may meet.
    """

    name: str
    flow: Flow
    carries: Carries = "material"
    side: Side = "left"
    along: float = 0.5
    required: bool = False
    many: bool = False


@dataclass(frozen=True)
class EquipmentType:
    """A type of equipment: its ports, and the symbol of `width` x `height` drawing units that shows it."""

    name: str
    description: str
    symbol: str
    width: float
    height: float
    ports: tuple[Port, ...]

    def port(self, name: str) -> Port | None:
        """The port called `name`."""
        return next((port for port in self.ports if port.name == name), None)

    def only_port(self, flow: Flow, carries: Carries) -> Port | None:
        """The port that a stream means which names none: the only one of its direction and kind."""
        fitting = [port for port in self.ports if port.flow == flow and port.carries == carries]
        return fitting[0] if len(fitting) == 1 else None


@dataclass(frozen=True, kw_only=True)
class Equipment:
    """A piece of equipment; `at` is the middle of its symbol in drawing units, None where the layout is computed."""

    id: str
    type: EquipmentType
    name: str
    at: Point | None = None


def _into(name: str, side: Side, along: float = 0.5, *, required: bool = False, many: bool = False) -> Port:
    return Port(name, "in", "material", side, along, required, many)


def _out(name: str, side: Side, along: float = 0.5, *, required: bool = False, many: bool = False) -> Port:
    return Port(name, "out", "material", side, along, required, many)


def _exchanger(name: str, description: str) -> EquipmentType:
    return EquipmentType(name, description, "exchanger", 56, 56, (
        _into("inlet", "left", required=True), _out("outlet", "right", required=True),
        _into("service_inlet", "bottom"), _out("service_outlet", "top"),
    ))  # fmt: skip


_STEM: Final = Port("stem", "in", "signal", "top")

EQUIPMENT_TYPES: Final[dict[str, EquipmentType]] = {
    kind.name: kind
    for kind in (
        EquipmentType("feed", "where a stream comes into the plant", "arrow", 104, 28, (
            _out("outlet", "right", required=True),
        )),
        EquipmentType("product", "where a stream leaves the plant", "arrow", 104, 28, (
            _into("inlet", "left", required=True),
        )),
        EquipmentType("stirred-reactor", "stirred vessel with a jacket", "reactor", 120, 170, (
            _into("feed", "left", 0.2, required=True, many=True), _into("feed_2", "left", 0.4, many=True),
            _into("top", "top", 0.25, many=True), _out("vapour", "top", 0.75), _out("liquid", "bottom", 0.5),
            _into("jacket_inlet", "right", 0.82), _out("jacket_outlet", "right", 0.42),
            Port("duty", "in", "energy", "left", 0.7), Port("level", "out", "signal", "right", 0.25, many=True),
        )),
        EquipmentType("separator", "upright vessel that parts vapour and liquid", "vessel", 80, 150, (
            _into("feed", "left", 0.4, required=True, many=True), _out("vapour", "top"), _out("liquid", "bottom"),
            Port("level", "out", "signal", "right", many=True),
        )),
        EquipmentType("tank", "vessel that holds a liquid", "vessel", 80, 110, (
            _into("inlet", "top", required=True, many=True), _out("outlet", "bottom"),
            Port("level", "out", "signal", "right", many=True),
        )),
        EquipmentType("stripper", "column with trays, stripped from below", "column", 70, 220, (
            _into("feed", "left", 0.25, required=True, many=True), _out("vapour", "top"), _out("liquid", "bottom"),
            _into("gas", "left", 0.75, many=True), _into("boilup", "right", 0.75), _out("to_reboiler", "right", 0.92),
            Port("level", "out", "signal", "right", 0.5, many=True),
        )),
        EquipmentType("column", "distillation column", "column", 70, 240, (
            _into("feed", "left", required=True, many=True), _out("vapour", "top"), _out("liquid", "bottom"),
            _into("reflux", "right", 0.12), _into("boilup", "right", 0.78), _out("to_reboiler", "right", 0.92),
        )),
        _exchanger("heat-exchanger", "shell-and-tube heat exchanger"),
        _exchanger("condenser", "heat exchanger that condenses a vapour"),
        _exchanger("reboiler", "heat exchanger that boils a liquid"),
        EquipmentType("compressor", "compressor", "compressor", 60, 56, (
            _into("suction", "left", required=True, many=True), _out("discharge", "right", required=True),
            Port("power", "in", "energy", "bottom"),
        )),
        EquipmentType("pump", "pump", "pump", 44, 44, (
            _into("suction", "left", required=True, many=True), _out("discharge", "right", required=True),
            Port("power", "in", "energy", "bottom"),
        )),
        EquipmentType("control-valve", "valve with an actuator", "valve", 36, 30, (
            _into("inlet", "left", 0.667, required=True), _out("outlet", "right", 0.667, required=True), _STEM,
        )),
        EquipmentType("mixer", "where streams meet", "node", 12, 12, (
            _into("inlet", "left", required=True, many=True), _into("side_inlet", "bottom", many=True),
            _into("top_inlet", "top", many=True), _out("outlet", "right", required=True),
        )),
        EquipmentType("splitter", "where a stream divides", "node", 12, 12, (
            _into("inlet", "left", required=True), _out("outlet", "right", required=True, many=True),
            _out("top_outlet", "top", many=True), _out("side_outlet", "bottom", many=True),
        )),
        EquipmentType("analyser", "analyser with its own sample line", "analyser", 44, 34, (
            _into("sample", "left"), _out("return", "right"), Port("result", "out", "signal", "top", many=True),
        )),
    )
}  # fmt: skip
"""Every type by name, as a plant file writes it."""
