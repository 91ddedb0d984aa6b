"""The types of equipment that a plant file may use: those that ship, and those that other packages register.

A package registers a class (or an `EquipmentType`) under a name, in its own `pyproject.toml`:

    [project.entry-points."atlas_live.equipment_types"]
    crystalliser = "salt_equipment:Crystalliser"

A class that can't be used takes nothing else down: its name leads to the reason (`type_faults`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from twin.atlas.equipment.equipment import Equipment, EquipmentError
from twin.atlas.equipment.equipment_type import EquipmentType
from twin.atlas.equipment.types import EQUIPMENT_TYPES
from twin.atlas.faults import did_you_mean
from twin.atlas.parameters import ParameterField
from twin.atlas.symbols import SYMBOLS

GROUP: Final = "atlas_live.equipment_types"


@dataclass(frozen=True)
class TypeRegistry:
    """Types by name, and why each registered one that isn't among them can't be used."""

    types: Mapping[str, EquipmentType]
    faults: Mapping[str, str]

    def find(self, name: str) -> EquipmentType:
        """The type called `name`.

        Raises
        ------
        EquipmentError
            Where there is none, or a registered one can't be used.
        """
        found = self.types.get(name)
        if found is not None:
            return found
        if name in self.faults:
            raise EquipmentError(self.faults[name], remedy="mend or uninstall that package")
        remedy = did_you_mean(name, self.types, f"use one of {', '.join(self.types)}")
        raise EquipmentError(f"no equipment type '{name}'", remedy=remedy)


def read_registry(registered: Iterable[EntryPoint]) -> TypeRegistry:
    """The types that ship and those of `registered` that can be used."""
    found = list(registered)
    counts = Counter(entry.name for entry in found)
    types, faults = dict(EQUIPMENT_TYPES), {}
    for entry in found:
        try:
            if entry.name in EQUIPMENT_TYPES:
                raise TypeError("a type of that name ships")
            if counts[entry.name] > 1:
                raise TypeError(f"{counts[entry.name]} packages register that name")
            types[entry.name] = _checked(entry.name, entry.load())
        except Exception as error:  # another's code may raise anything when it is imported
            faults[entry.name] = f"equipment type '{entry.name}' of {_told(entry)} can't be used: {error}"
    return TypeRegistry(types, faults)


@lru_cache(maxsize=1)
def registry() -> TypeRegistry:
    """The registry of what is installed, read once."""
    return read_registry(entry_points(group=GROUP))


def equipment_types() -> Mapping[str, EquipmentType]:
    """Every type that a plant file may use, by name."""
    return registry().types


def type_faults() -> Mapping[str, str]:
    """Why each registered type that can't be used can't be, by name."""
    return registry().faults


def find_type(name: str) -> EquipmentType:
    """The type called `name`; see `TypeRegistry.find`."""
    return registry().find(name)


def _told(entry: EntryPoint) -> str:
    return f"{entry.dist.name} ({entry.value})" if entry.dist else entry.value


def _checked(name: str, loaded: object) -> EquipmentType:
    if isinstance(loaded, type) and issubclass(loaded, Equipment):
        loaded = EquipmentType.of(name, loaded)
    if not isinstance(loaded, EquipmentType):
        raise TypeError(f"{loaded!r} is neither a class of Equipment nor an EquipmentType")
    if loaded.name != name:
        raise TypeError(f"its row is called '{loaded.name}'")
    names = [port.name for port in loaded.ports] + ["", *(f" {field.name}" for field in loaded.design_fields)]
    twice = [each.strip() for each, times in Counter(names).items() if times > 1]
    if twice:
        raise TypeError(f"it has two ports or design data called '{twice[0]}'")
    if any("." in port.name or not port.name for port in loaded.ports):
        raise TypeError("a port's name is empty or holds a dot")
    if not all(isinstance(field, ParameterField) for field in loaded.design_fields):
        raise TypeError("its design_fields are no ParameterField")
    if loaded.symbol not in SYMBOLS:
        raise TypeError(f"no symbol '{loaded.symbol}'; use one of {', '.join(SYMBOLS)}")
    return loaded
