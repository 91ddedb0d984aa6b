"""What a plant earns: flows of products, feeds and utilities, each as an expression, priced by the price book.

The lines belong to the plant's model and are written in its plant file; the prices change every day and come from the
`PriceBook`. Everything is vectorised: values may be numbers, trajectories or ensembles of trajectories.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.atlas.array_expressions import ArrayExpression
from twin.atlas.errors import AtlasError
from twin.atlas.prices import Price, PriceBook
from twin.atlas.units import UnitError, conversion

LineKind = Literal["product", "feed", "utility", "loss"]
"""What a line is to the plant: products bring money; feeds, utilities and losses cost it."""

SIGNS: Final[Mapping[str, float]] = {"product": 1.0, "feed": -1.0, "utility": -1.0, "loss": -1.0}

Array = NDArray[np.float64]


class EconomicsError(AtlasError):
    """Flows that cannot be priced: another currency, a unit that does not fit the price, a value that is missing."""


@dataclass(frozen=True)
class MoneyLine:
    """One flow of money: `flow`, in `unit`, times the price of `item`; `name` is unique and what people read."""

    name: str
    item: str
    kind: LineKind
    flow: ArrayExpression
    unit: str

    def factor(self, price: Price, currency: str) -> float:
        """Money per hour that one `unit` of the flow makes, negative where it costs.

        Raises
        ------
        EconomicsError
            Where the price is in another currency, or for another kind of amount.
        """
        try:
            return SIGNS[self.kind] * price.amount * _per_hour(self.unit, price.unit, f"{currency}/h")
        except UnitError as error:
            raise EconomicsError(
                f"{self.name}: a flow in '{self.unit}' at {price} makes no {currency} per hour ({error.message})",
                remedy="give flow and price the same kind of amount, and all prices one currency",
            ) from error


@dataclass(frozen=True, eq=False)
class Money:
    """An amount of money: `lines` by name, each positive where it earns, and their sum `total`; all of one shape."""

    unit: str
    lines: Mapping[str, Array]
    total: Array


@dataclass(frozen=True, eq=False)
class MoneyRate:
    """Money per hour: `lines` by name, each positive where it earns, and their sum `total`; all of one shape."""

    currency: str
    lines: Mapping[str, Array]
    total: Array

    @property
    def unit(self) -> str:
        """Unit of all its numbers, like USD/h."""
        return f"{self.currency}/h"

    def earned(self, times_s: ArrayLike) -> Money:
        """The money earned over the whole of `times_s`, s, along the arrays' last axis; by trapezoids."""
        hours = np.asarray(times_s, dtype=np.float64) / 3600.0
        sums = {name: np.asarray(np.trapezoid(rate, hours, axis=-1)) for name, rate in self.lines.items()}
        return Money(self.currency, sums, np.sum(list(sums.values()), axis=0))


@dataclass(frozen=True)
class Economics:
    """How a plant's money is reckoned.

    Parameters
    ----------
    currency
        Of every line, by its ISO 4217 code.
    lines
        In the order in which people read them.
    units
        By name of tag or model output: the unit in which the expressions take it.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from twin.atlas.array_expressions import compile_over_arrays
    >>> feed = MoneyLine("Feed A", "A", "feed", compile_over_arrays("[FI-1.PV]", ["FI-1.PV"]), "kg/s")
    >>> book = PriceBook([Price.of("A", "76.23 USD/kg")])
    >>> economics = Economics("USD", (feed,), {"FI-1.PV": "kg/s"})
    >>> float(economics.rate({"FI-1.PV": 3.6}, {"FI-1.PV": "t/h"}, book, datetime(2026, 1, 1, tzinfo=UTC)).total)
    -274428.0
    """

    currency: str
    lines: tuple[MoneyLine, ...]
    units: Mapping[str, str]

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Names of all values that it needs, in the order of their first mention."""
        return tuple(dict.fromkeys(name for line in self.lines for name in line.flow.inputs))

    def rate(
        self, values: Mapping[str, ArrayLike], units: Mapping[str, str], prices: PriceBook, at: datetime
    ) -> MoneyRate:
        """Money per hour at the prices that hold at an instant.

        Parameters
        ----------
        values
            At least those of `inputs`, by name; arrays of shapes that go together.
        units
            Their units, by name; what is not named has the unit of `self.units`.
        prices, at
            The book, and the instant, which names its zone.

        Raises
        ------
        EconomicsError
            Where a value is missing, or its unit or a price does not fit.
        PriceError
            Where the book has no price of an item at that time.
        """
        known = self._known(values, units)
        lines = {
            line.name: line.factor(prices.in_force(line.item, at), self.currency) * line.flow(known)
            for line in self.lines
        }
        shape = np.broadcast_shapes(*(rate.shape for rate in lines.values()))
        wide = {name: np.broadcast_to(rate, shape) for name, rate in lines.items()}
        return MoneyRate(self.currency, wide, np.sum(list(wide.values()), axis=0))

    def _known(self, values: Mapping[str, ArrayLike], units: Mapping[str, str]) -> dict[str, Array]:
        known = {}
        for name in self.inputs:
            if name not in values:
                message = f"the plant's money needs {name}, which is not told"
                raise EconomicsError(message, remedy="give a model that tells it, or leave its line out")
            array, own = np.asarray(values[name], dtype=np.float64), self.units[name]
            try:
                line = conversion(units.get(name, own), own)
            except UnitError as error:
                message = f"{name} comes in '{units[name]}', the plant's money takes '{own}': {error.message}"
                raise EconomicsError(message, remedy="give both the same kind of unit") from error
            known[name] = line.scale * array + line.offset
        return known


@lru_cache(maxsize=1024)
def _per_hour(flow: str, price: str, rate: str) -> float:
    from twin.atlas.quantities import Quantity

    return (Quantity(1.0, flow) * Quantity(1.0, price)).value_in(rate)
