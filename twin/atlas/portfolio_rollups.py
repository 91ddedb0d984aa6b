"""Sums over a portfolio: how much there is, what is bought and sold, how much of what is shared is used."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from twin.atlas.portfolio import Portfolio
from twin.atlas.quantities import Quantity


@dataclass(frozen=True)
class Count:
    """How much a facility holds; `facility` is empty for the whole portfolio."""

    facility: str
    plants: int
    equipment: int
    streams: int
    tags: int


@dataclass(frozen=True)
class Contracted:
    """What is bought and sold of a commodity under contracts that hold on a day, in the unit of the first of them.

    Quantities of another kind, such as volume beside mass, make an entry of their own. None: no contract.
    """

    commodity: str
    bought: Quantity | None
    sold: Quantity | None


@dataclass(frozen=True)
class UtilityLoad:
    """What all consumers of a utility use by design, against what all its providers can give; in the latter's unit."""

    utility: str
    capacity: Quantity
    load: Quantity

    @property
    def share(self) -> float:
        """Load over capacity; above 1 they can't all run at their design."""
        return self.load.value / self.capacity.value


def count(portfolio: Portfolio) -> tuple[Count, ...]:
    """What each facility holds, and last the whole portfolio."""
    at = [(facility.id, facility.plants) for facility in portfolio.facilities]
    return tuple(_count(portfolio, name, plants) for name, plants in [*at, ("", tuple(portfolio.plants))])


def contracted(portfolio: Portfolio, on: date) -> tuple[Contracted, ...]:
    """What contracts in force on a day buy and sell, by commodity, in the order in which it is first named."""
    found: dict[tuple[str, str], dict[str, list[Quantity]]] = {}
    for contract in portfolio.contracts:
        if contract.holds(on):
            sides = found.setdefault((contract.commodity, contract.quantity.dimension), defaultdict(list))
            sides["all"].append(contract.quantity)
            sides[contract.kind].append(contract.quantity)
    return tuple(
        Contracted(commodity, *(_total(sides[side], sides["all"][0]) for side in ("purchase", "sale")))
        for (commodity, _), sides in found.items()
    )


def utility_loads(portfolio: Portfolio) -> tuple[UtilityLoad, ...]:
    """The design load of every utility against its capacity."""
    loads = []
    for utility in portfolio.utilities:
        unit = utility.providers[0].capacity
        capacity = _total([supply.capacity for supply in utility.providers], unit) or unit
        load = _total([use.load for use in utility.consumers], unit) or Quantity(0.0, unit.unit)
        loads.append(UtilityLoad(utility.id, capacity, load))
    return tuple(loads)


def _count(portfolio: Portfolio, facility: str, names: tuple[str, ...]) -> Count:
    plants = [portfolio.plants[name] for name in names]
    return Count(
        facility,
        len(plants),
        sum(len(plant.equipment) for plant in plants),
        sum(len(plant.streams) for plant in plants),
        sum(len(plant.tags) for plant in plants),
    )


def _total(quantities: Iterable[Quantity], unit: Quantity) -> Quantity | None:
    values = [quantity.value_in(unit.unit.text) for quantity in quantities]
    return Quantity(sum(values), unit.unit) if values else None
