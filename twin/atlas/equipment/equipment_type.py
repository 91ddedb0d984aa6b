"""Types of equipment: a class with a name, and the symbol that shows it."""

from dataclasses import dataclass
from inspect import getdoc
from typing import TYPE_CHECKING

from twin.atlas.equipment.port import Carries, Flow, Port
from twin.atlas.parameters import ParameterField

if TYPE_CHECKING:
    from twin.atlas.equipment.equipment import Equipment


@dataclass(frozen=True)
class EquipmentType:
    """A row of the table of types: what a plant file may write after `type:`.

    Types that differ in data only share a class.

    Parameters
    ----------
    name
        What plant files call it.
    kind
        The class that says which ports, design data and behaviour it has.
    description
        What it is, in a few words.
    symbol
        Its symbol on the process graphic (`twin.atlas.symbols`).
    width, height
        The symbol's size in drawing units.
    """

    name: str
    kind: "type[Equipment]"
    description: str
    symbol: str
    width: float
    height: float

    @classmethod
    def of(cls, name: str, kind: "type[Equipment]", description: str = "", symbol: str = "") -> "EquipmentType":
        """The row of a class; what is left out, the class tells: its docstring's first line, its symbol and size."""
        told = description or (getdoc(kind) or name).splitlines()[0].rstrip(".")
        told = told[:1].lower() + told[1:]
        return cls(name, kind, told, symbol or kind.symbol, *map(float, kind.size))

    @property
    def ports(self) -> tuple[Port, ...]:
        """Where streams meet it."""
        return self.kind.ports

    @property
    def design_fields(self) -> tuple[ParameterField, ...]:
        """Design data that it knows."""
        return self.kind.design_fields

    def port(self, name: str) -> Port | None:
        """The port called `name`."""
        return next((port for port in self.ports if port.name == name), None)

    def only_port(self, flow: Flow, carries: Carries) -> Port | None:
        """The port that a stream means which names none: the only one of its direction and kind."""
        fitting = [port for port in self.ports if port.flow == flow and port.carries == carries]
        return fitting[0] if len(fitting) == 1 else None
