"""Tags and their sources as a plant file describes them, before the database gives numbers to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from msgspec import UNSET

from twin.atlas.equipment import Point
from twin.atlas.tags import Limits, Tag
from twin.atlas.units import Conversion, conversion

PUSH: Final = "push"
"""Kind of a source that is not read but pushed, and the name under which goes what is pushed for any other tag."""

TagKind = Literal["measured", "setpoint", "output", "mode", "derived"]


@dataclass(frozen=True)
class Source:
    """Where readings come from: a server of some `kind` at an `endpoint`; `options` are the connector's own."""

    name: str
    kind: str
    endpoint: str
    options: Mapping[str, str | int | float | bool] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TagDefinition:
    """A tag without its number; fields as in `Tag`.

    `equipment` and `stream` say what it measures: a piece of equipment, a stream, or one beside the other.
    `source_unit` is the unit that the source speaks; empty where it speaks the stored one. `shown` puts the tag on the
    process graphic, at `shown_at` in drawing units or, where that is None, beside its equipment.
    """

    name: str
    description: str
    unit: str
    low: float
    high: float
    decimals: int = 2
    limits: Limits = field(default_factory=Limits)
    stale_after_s: float = 10.0
    equipment: str = ""
    stream: str = ""
    source: str = ""
    address: str = ""
    source_unit: str = ""
    expression: str = ""
    estimate: str = ""
    states: tuple[str, ...] = ()
    kind: TagKind = "measured"
    shown: bool = False
    shown_at: Point | None = None

    @property
    def loop(self) -> str:
        """The instrument that the tag belongs to: `TIC-101` of `TIC-101.PV`."""
        return self.name.partition(".")[0]

    @property
    def part(self) -> str:
        """What of the instrument it is: `PV` of `TIC-101.PV`; empty where the name has no such part."""
        return self.name.partition(".")[2]

    @property
    def conversion(self) -> Conversion:
        """From the source's number to the stored one."""
        return conversion(self.source_unit or self.unit, self.unit)

    def numbered(self, tag_id: int) -> Tag:
        """The tag as a tag table holds it."""
        line = self.conversion
        return Tag(
            tag_id=tag_id,
            name=self.name,
            description=self.description,
            unit=self.unit,
            low=self.low,
            high=self.high,
            decimals=self.decimals,
            limits=self.limits,
            stale_after_s=self.stale_after_s,
            equipment=self.equipment,
            source=self.source,
            address=self.address,
            scale=line.scale,
            offset=line.offset,
            expression=self.expression,
            estimate=self.estimate or UNSET,
            states=self.states,
            kind=self.kind,
        )
