"""Where a plant lies and how it is divided, after ISA-95: enterprise, site, area, unit."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twin.atlas.faults import Finding, Path, did_you_mean

if TYPE_CHECKING:
    from twin.atlas.plant_parts import PlantParts


@dataclass(frozen=True)
class Location:
    """Whose plant it is, and the site that it stands on; empty where nobody tells."""

    enterprise: str = ""
    site: str = ""


@dataclass(frozen=True)
class PlantUnit:
    """A unit of an area: equipment that does one thing together, like a reactor section."""

    id: str
    name: str


@dataclass(frozen=True)
class Area:
    """An area of the site, with its units."""

    id: str
    name: str
    units: tuple[PlantUnit, ...] = ()


def find_area_faults(parts: "PlantParts") -> list[Finding]:
    """Ids that areas or units share, and equipment in an area or unit that isn't there."""
    areas: dict[str, int] = {}
    area_of: dict[str, str] = {}
    findings = []
    for index, area in parts.areas.items():
        if areas.setdefault(area.id, index) != index:
            findings.append(_taken(("areas", index, "id"), area.id))
        for place, unit in enumerate(area.units):
            if unit.id in area_of:
                findings.append(_taken(("areas", index, "units", place, "id"), unit.id))
            area_of.setdefault(unit.id, area.id)
    return findings if parts.broken_areas else [*findings, *_lost_equipment(parts, areas, area_of)]


def _taken(path: Path, name: str) -> Finding:
    return Finding(path, f"'{name}' is already taken", "give each area and each unit an id of its own")


def _lost_equipment(parts: "PlantParts", areas: dict[str, int], area_of: dict[str, str]) -> Iterator[Finding]:
    for index, item in parts.equipment.items():
        if item.area and item.area not in areas:
            remedy = did_you_mean(item.area, areas, "list it under areas")
            yield Finding(("equipment", index, "area"), f"no area '{item.area}'", remedy)
        if item.unit and item.unit not in area_of:
            remedy = did_you_mean(item.unit, area_of, "list it among the units of its area")
            yield Finding(("equipment", index, "unit"), f"no unit '{item.unit}'", remedy)
        elif item.unit and area_of[item.unit] != item.area:
            message = f"unit {item.unit} lies in area {area_of[item.unit]}, not '{item.area}'"
            yield Finding(("equipment", index, "unit"), message, f"write area: {area_of[item.unit]}")
