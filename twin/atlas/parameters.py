"""Parameters: an ordered, immutable set of named values with units, like the design data of a vessel.

>>> design = Parameters.parse({"volume": "2.1 m3", "material": "316L"})
>>> f"{design.number('volume', 'L'):.0f}", design["material"]
('2100', '316L')
>>> design.replaced({"volume": Quantity(2.4, "m3")})
Parameters(volume=2.4 m3, material=316L)
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from twin.atlas.errors import AtlasError
from twin.atlas.faults import Finding, did_you_mean
from twin.atlas.quantities import Quantity, QuantityError
from twin.atlas.units import UnitError

Value = Quantity | str

_QUANTITY: Final = re.compile(r"\s*[+-]?\.?\d[\d.]*([eE][+-]?\d+)?(\s+\S|\s*%|\s*$)")


class UnknownParameterError(AtlasError, KeyError):
    """A name that the set of parameters doesn't hold."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        names = list(known)
        listed = f"it has {', '.join(names)}" if names else "it is empty"
        super().__init__(f"no parameter '{name}'", remedy=did_you_mean(name, names, listed))

    def __str__(self) -> str:
        return AtlasError.__str__(self)


@dataclass(frozen=True)
class ParameterField:
    """What one parameter may be: the schema that a type of equipment declares for its design data.

    Parameters
    ----------
    name
        Its name, like `volume`.
    unit
        A unit of the kind that it takes, like `m3`; any volume fits then. None for a text such as a material.
    description
        What a person reads beside it.
    required
        Whether it must be given.
    """

    name: str
    unit: str | None
    description: str
    required: bool = False


@dataclass(frozen=True, init=False, repr=False)
class Parameters(Mapping[str, Value]):
    """Named values in the order given: quantities, or texts where no number says it. Never changes.

    Two sets are equal where they hold equal values under the same names in the same order.

    Parameters
    ----------
    values
        The values by name.
    """

    _values: Mapping[str, Value]

    def __init__(self, values: Mapping[str, Value] | Iterable[tuple[str, Value]] = ()) -> None:
        object.__setattr__(self, "_values", MappingProxyType(dict(values)))

    @classmethod
    def parse(cls, given: Mapping[str, str | float]) -> "Parameters":
        """Read texts as a plant file has them: a number with a blank before its unit is a quantity, all else a text.

        Raises
        ------
        UnitError
            Where a number has an unknown unit.
        """
        return cls({name: _read(value) for name, value in given.items()})

    @property
    def names(self) -> tuple[str, ...]:
        """The names in their order; position p of `vector` is the p-th quantity of them."""
        return tuple(self._values)

    @property
    def quantities(self) -> dict[str, Quantity]:
        """The values that are quantities, in order."""
        return {name: value for name, value in self._values.items() if isinstance(value, Quantity)}

    def __getitem__(self, name: str) -> Value:
        try:
            return self._values[name]
        except KeyError:
            raise UnknownParameterError(name, self._values) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def quantity(self, name: str) -> Quantity:
        """The quantity of that name.

        Raises
        ------
        UnknownParameterError
            Where there is none.
        QuantityError
            Where it is a text.
        """
        value = self[name]
        if isinstance(value, str):
            raise QuantityError(f"parameter '{name}' is the text '{value}'", remedy="give a number and its unit")
        return value

    def number(self, name: str, unit: str) -> float:
        """The number of a quantity in that unit; errors as of `quantity` and `Quantity.value_in`."""
        return self.quantity(name).value_in(unit)

    def replaced(self, values: Mapping[str, Value]) -> "Parameters":
        """A set with these values instead; new names come last, order is kept."""
        return Parameters({**self._values, **values})

    def vector(self) -> NDArray[np.float64]:
        """The quantities in SI base units, shape (n,), in the order of `quantities`."""
        return np.array([value.base_value for value in self.quantities.values()], dtype=np.float64)

    def with_vector(self, vector: NDArray[np.float64]) -> "Parameters":
        """A set with other numbers in the same units, from SI base units, shape (n,); texts stay.

        Raises
        ------
        ValueError
            Where the vector is of another length.
        """
        moved = {
            name: Quantity((float(number) - old.unit.offset) / old.unit.scale, old.unit)
            for (name, old), number in zip(self.quantities.items(), vector, strict=True)
        }
        return self.replaced(moved)

    def __eq__(self, other: object) -> bool:
        return list(self.items()) == list(other.items()) if isinstance(other, Parameters) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self._values.items()))

    def __repr__(self) -> str:
        return f"Parameters({', '.join(f'{name}={value}' for name, value in self._values.items())})"

    def __reduce__(self) -> tuple[type["Parameters"], tuple[dict[str, Value]]]:
        return Parameters, (dict(self._values),)


def read_parameters(
    given: Mapping[str, str | float], fields: Iterable[ParameterField]
) -> tuple[Parameters, list[Finding]]:
    """The values that fit their fields, in the fields' order, and a finding for every one that doesn't.

    Paths of findings are relative to `given`.
    """
    known = {field.name: field for field in fields}
    values: dict[str, Value] = {}
    findings = [
        Finding((name,), f"unknown key '{name}'", did_you_mean(name, known, _one_of(known)))
        for name in given
        if name not in known
    ]
    for name, expected in known.items():
        if name not in given:
            if expected.required:
                findings.append(Finding((name,), f"'{name}' is missing", f"add '{name}:', {expected.description}"))
            continue
        try:
            values[name] = _fitting(given[name], expected)
        except UnitError as error:
            findings.append(Finding((name,), error.message, error.remedy))
    return Parameters(values), findings


def _one_of(known: Iterable[str]) -> str:
    listed = ", ".join(known)
    return f"leave it out, or use one of {listed}" if listed else "leave it out"


def _fitting(given: str | float, expected: ParameterField) -> Value:
    if expected.unit is None:
        return str(given)
    return Quantity.parse(str(given), like=expected.unit)


def _read(given: str | float) -> Value:
    if not isinstance(given, str):
        return Quantity(given)
    # Steel 316L is no 316 litres.
    return Quantity.parse(given) if _QUANTITY.match(given) else given
