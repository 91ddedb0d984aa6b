"""Equipment: what a plant is made of; the class that all kinds of it derive from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from twin.atlas.equipment.design import read_design
from twin.atlas.equipment.equipment_type import EquipmentType
from twin.atlas.equipment.port import Point, Port
from twin.atlas.errors import AtlasError
from twin.atlas.parameters import ParameterField, Parameters
from twin.atlas.quantities import Quantity

USUAL_MODES: Final = ("start-up", "normal", "turndown", "cleaning", "shutdown")


class EquipmentError(AtlasError):
    """A piece of equipment that can't be made, or design data that a calculation needs and the plant doesn't tell."""


@dataclass(frozen=True, kw_only=True)
class Equipment:
    """A piece of equipment; a new kind is a class of this with `ports`, and perhaps more.

    >>> from twin.atlas.equipment import Equipment
    >>> reactor = Equipment.of("stirred-reactor", "R-101", name="Reactor", design={"volume": "2.1 m3"})
    >>> reactor.design["volume"], [port.name for port in reactor.type.ports][:2]
    (Quantity('2.1 m3'), ['feed', 'feed_2'])

    Parameters
    ----------
    id
        Its number on the flowsheet, like R-101.
    type
        What it is.
    name
        What people call it.
    at
        Middle of its symbol in drawing units; None where the layout is computed.
    area, unit
        Ids of the plant's area and unit that it stands in; empty where the plant has none.
    design
        Design data by name.
    modes
        Operating modes that it knows; rules may differ by mode.
    """

    ports: ClassVar[tuple[Port, ...]] = ()
    symbol: ClassVar[str] = "vessel"
    size: ClassVar[tuple[float, float]] = (80.0, 110.0)
    usual_modes: ClassVar[tuple[str, ...]] = USUAL_MODES
    design_fields: ClassVar[tuple[ParameterField, ...]] = (
        ParameterField("design_pressure", "bar(g)", "pressure that it is built for"),
        ParameterField("design_temperature", "degC", "temperature that it is built for"),
        ParameterField("material", None, "what it is made of"),
    )

    id: str
    type: EquipmentType
    name: str
    at: Point | None = None
    area: str = ""
    unit: str = ""
    design: Parameters = field(default_factory=Parameters)
    modes: tuple[str, ...] = ("normal",)

    @staticmethod
    def of(
        type_name: str, id: str, *, name: str = "", design: Mapping[str, str | float] | None = None, **fields: Any
    ) -> "Equipment":
        """Make a piece of equipment of the type that a plant file calls `type_name`.

        `design` takes texts such as `2.1 m3`; other fields are those of the class.

        Raises
        ------
        EquipmentError
            Where there is no such type, or the design data don't fit it.
        """
        from twin.atlas.equipment.registry import find_type  # which knows every class of this

        found = find_type(type_name)
        read, findings = read_design(design or {}, found.design_fields)
        if findings:
            told = "; ".join(f"{finding.fault()}" for finding in findings)
            raise EquipmentError(f"design of {id}: {told}")
        fields.setdefault("modes", found.kind.usual_modes)
        return found.kind(id=id, type=found, name=name or id, design=read, **fields)

    def designed(self, name: str) -> Quantity:
        """A design quantity that a calculation needs.

        Raises
        ------
        EquipmentError
            Where the plant doesn't tell it.
        """
        value = self.design.get(name)
        if not isinstance(value, Quantity):
            raise EquipmentError(f"{self.id} has no {name} among its design data", remedy=f"add '{name}:' to them")
        return value
