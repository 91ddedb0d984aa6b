"""What must hold of a portfolio, all checked at once: names, plants, boundaries, tags, quantities, contracts' times."""

from collections.abc import Iterable, Iterator
from typing import Final

from twin.atlas.equipment import Boundary, Flow
from twin.atlas.faults import Finding, Path, did_you_mean
from twin.atlas.portfolio import Contract, InPlant, Portfolio, Transfer, Utility
from twin.atlas.quantities import Quantity
from twin.atlas.units import CURRENCIES, UnitError, conversion, parse_unit

RATES: Final = {unit: parse_unit(unit).dimension for unit in ("kg/s", "m3/s", "Sm3/s", "mol/s", "W")}
"""Usual units of what flows, with what they measure."""

_CROSSES: Final[dict[str, tuple[Flow, str]]] = {
    # A boundary's port faces the plant: what leaves the plant goes into it.
    "leaves": ("in", "a product or an energy-demand of the plant"),
    "enters": ("out", "a feed or an energy-supply of the plant"),
}


def find_portfolio_faults(portfolio: Portfolio) -> Iterator[Finding]:
    """Every invariant that a portfolio breaks."""
    yield from _names(portfolio)
    yield from _facilities(portfolio)
    for index, transfer in enumerate(portfolio.transfers):
        yield from _transfer(portfolio, ("transfers", index), transfer)
    for index, utility in enumerate(portfolio.utilities):
        yield from _utility(portfolio, ("utilities", index), utility)
    for index, contract in enumerate(portfolio.contracts):
        yield from _contract(portfolio, ("contracts", index), contract)


def _names(portfolio: Portfolio) -> Iterator[Finding]:
    lists: tuple[tuple[str, str, Iterable[str]], ...] = (
        ("facilities", "id", (one.id for one in portfolio.facilities)),
        ("transfers", "name", (one.name for one in portfolio.transfers)),
        ("utilities", "id", (one.id for one in portfolio.utilities)),
        ("contracts", "id", (one.id for one in portfolio.contracts)),
    )
    taken: dict[str, str] = dict.fromkeys((p for one in portfolio.facilities for p in one.plants), "a plant")
    for section, key, names in lists:
        for index, name in enumerate(names):
            if name in taken:
                message = f"'{name}' is already the name of {taken[name]}"
                yield Finding((section, index, key), message, "give it a name of its own")
            taken.setdefault(name, f"one of the {section}")
    for path, outside in _outside(portfolio):
        if outside in taken:
            message = f"'{outside}' is the name of {taken[outside]}"
            yield Finding(path, message, "call who stands outside by another name")


def _outside(portfolio: Portfolio) -> Iterator[tuple[Path, str]]:
    """Those outside the portfolio, and where they are named."""
    for index, utility in enumerate(portfolio.utilities):
        for place, supply in enumerate(utility.providers):
            if supply.at is None:
                yield ("utilities", index, "providers", place, "name"), supply.name
    for index, contract in enumerate(portfolio.contracts):
        yield ("contracts", index, "with"), contract.party


def _facilities(portfolio: Portfolio) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for index, facility in enumerate(portfolio.facilities):
        for place, plant in enumerate(facility.plants):
            path: Path = ("facilities", index, "plants", place)
            if plant in seen:
                yield Finding(path, f"plant '{plant}' already stands at {seen[plant]}", "list it once")
            seen.setdefault(plant, facility.id)
            if plant not in portfolio.plants:
                remedy = did_you_mean(plant, portfolio.plants, "store the plant first, or leave it out")
                yield Finding(path, f"no plant '{plant}'", remedy)
    if not seen:
        yield Finding(("facilities",), "the portfolio has no plants", "list at least one facility with a plant")


def _transfer(portfolio: Portfolio, path: Path, transfer: Transfer) -> Iterator[Finding]:
    ends: tuple[tuple[str, InPlant, str], ...] = (
        ("from", transfer.source, "leaves"),
        ("to", transfer.target, "enters"),
    )
    faults = [fault for key, point, way in ends for fault in _boundary(portfolio, (*path, key), point, way)]
    yield from faults
    if not faults:
        carried = [item.type.ports[0].carries for _, point, _ in ends if (item := portfolio.equipment_at(point))]
        if len(set(carried)) > 1:  # one only where the other's plant is not there
            message = f"{transfer.source} gives {carried[0]} and {transfer.target} takes {carried[1]}"
            yield Finding((*path, "to"), message, "join boundaries of one kind")
    if transfer.source.plant == transfer.target.plant:
        message = f"transfer {transfer.name} stays within {transfer.source.plant}"
        yield Finding((*path, "to"), message, "draw a stream in the plant's own file")
    yield from _rate((*path, "quantity"), transfer.quantity)
    yield from _tag(portfolio, (*path, "tag"), transfer.tag, transfer.quantity)


def _utility(portfolio: Portfolio, path: Path, utility: Utility) -> Iterator[Finding]:
    if not utility.providers:
        yield Finding((*path, "providers"), f"nobody provides {utility.id}", "list at least one provider")
    measured = utility.providers[0].capacity if utility.providers else None
    for place, supply in enumerate(utility.providers):
        at: Path = (*path, "providers", place)
        if (supply.at is None) == (not supply.name):
            yield Finding(at, "a provider is a plant or someone outside", "write either 'at:' or 'name:'")
        if supply.at is not None:
            yield from _boundary(portfolio, (*at, "at"), supply.at, "leaves")
        yield from _rate((*at, "capacity"), supply.capacity, measured)
    for place, use in enumerate(utility.consumers):
        at = (*path, "consumers", place)
        yield from _there(portfolio, (*at, "at"), use.at)
        yield from _rate((*at, "load"), use.load, measured)
        yield from _tag(portfolio, (*at, "tag"), use.tag, use.load)


def _contract(portfolio: Portfolio, path: Path, contract: Contract) -> Iterator[Finding]:
    if contract.until is not None and contract.until <= contract.since:
        message = f"contract {contract.id} ends on {contract.until}, before it begins on {contract.since}"
        yield Finding((*path, "until"), message, "swap 'from' and 'until'")
    yield from _rate((*path, "quantity"), contract.quantity)
    if contract.price is not None and contract.quantity.dimension in RATES.values():
        yield from _price((*path, "price"), contract.price, contract.quantity)
    way = "leaves" if contract.kind == "sale" else "enters"
    for place, point in enumerate(contract.points):
        at: Path = (*path, "points", place)
        if isinstance(point, InPlant):
            yield from _boundary(portfolio, at, point, way)
        elif point not in portfolio.utilities_by_id:
            remedy = did_you_mean(point, portfolio.utilities_by_id, "list it under utilities, or write plant/equipment")
            yield Finding(at, f"no utility '{point}'", remedy)
    if not contract.points:
        yield Finding((*path, "points"), f"contract {contract.id} is handed over nowhere", "list at least one point")


def _there(portfolio: Portfolio, path: Path, point: InPlant) -> Iterator[Finding]:
    yield from _listed(portfolio, path, point)
    plant = portfolio.plants.get(point.plant)
    if plant is not None and point.name not in plant.equipment_by_id:
        remedy = did_you_mean(point.name, plant.equipment_by_id, f"use equipment of {point.plant}")
        yield Finding(path, f"plant {point.plant} has no equipment '{point.name}'", remedy)


def _listed(portfolio: Portfolio, path: Path, point: InPlant) -> Iterator[Finding]:
    """That of a plant which stands nowhere; one that is listed and missing has its fault there."""
    listed = {plant for facility in portfolio.facilities for plant in facility.plants}
    if point.plant not in listed:
        remedy = did_you_mean(point.plant, listed, "name a plant that stands at a facility")
        yield Finding(path, f"'{point}' names no plant of the portfolio", remedy)


def _boundary(portfolio: Portfolio, path: Path, point: InPlant, way: str) -> Iterator[Finding]:
    yield from _there(portfolio, path, point)
    item = portfolio.equipment_at(point)
    if item is None:
        return
    flow, wanted = _CROSSES[way]
    if not isinstance(item, Boundary) or item.type.ports[0].flow != flow:
        message = f"{point} is a {item.type.name}, where nothing {way} the plant"
        yield Finding(path, message, f"use {wanted}")


def _tag(portfolio: Portfolio, path: Path, tag: InPlant | None, like: Quantity) -> Iterator[Finding]:
    if tag is None:
        return
    yield from _listed(portfolio, path, tag)
    plant = portfolio.plants.get(tag.plant)
    if plant is None:
        return
    found = plant.tags_by_name.get(tag.name)
    if found is None:
        remedy = did_you_mean(tag.name, plant.tags_by_name, f"use a tag of {tag.plant}")
        yield Finding(path, f"plant {tag.plant} has no tag '{tag.name}'", remedy)
        return
    try:
        conversion(found.unit, like.unit.text)
    except UnitError as error:
        yield Finding(path, f"{tag} doesn't measure what is planned: {error.message}", error.remedy)


def _rate(path: Path, quantity: Quantity, like: Quantity | None = None) -> Iterator[Finding]:
    if quantity.dimension not in RATES.values():
        message = f"'{quantity}' is {quantity.dimension}, not what flows in a time"
        yield Finding(path, message, f"write it in {', '.join(RATES)} or the like")
    elif like is not None and quantity.dimension != like.dimension:
        message = f"'{quantity}' is {quantity.dimension}, but {like} is {like.dimension}"
        yield Finding(path, message, f"write it in {like.unit.text} or the like")
    if quantity.value <= 0.0:
        yield Finding(path, f"'{quantity}' is not above zero", "write how much it is")


def _price(path: Path, price: Quantity, quantity: Quantity) -> Iterator[Finding]:
    money = price.unit.text[:3]
    try:
        if money not in CURRENCIES:
            raise UnitError(f"'{price}' is no money", remedy="write it like 1143.38 USD/kg")
        conversion((price * quantity).unit.text, f"{money}/s")
    except UnitError:
        message = f"'{price}' is no price of what is counted in {quantity.unit.text}"
        yield Finding(path, message, "write money for the same kind of amount, like 1143.38 USD/kg")
