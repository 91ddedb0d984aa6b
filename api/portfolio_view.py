"""A portfolio as the API tells it."""

import math
from datetime import date

from api.portfolio_schemas import (
    Amount,
    CommodityDetail,
    ContractDetail,
    FacilityDetail,
    Measure,
    PortfolioDetail,
    TransferDetail,
    UseDetail,
    UtilityDetail,
)
from twin.atlas.portfolio import Contract, InPlant, Portfolio, Transfer, Utility
from twin.atlas.portfolio_rollups import contracted, count, utility_loads
from twin.atlas.quantities import Quantity
from twin.atlas.units import conversion


def describe(portfolio: Portfolio, revision: int, on: date) -> PortfolioDetail:
    """All of a portfolio; `on` is the day whose contracts are in force."""
    return PortfolioDetail(
        id=portfolio.id,
        name=portfolio.name,
        description=portfolio.description,
        revision=revision,
        facilities=_facilities(portfolio),
        transfers=[_transfer(portfolio, one) for one in portfolio.transfers],
        utilities=[_utility(portfolio, one) for one in portfolio.utilities],
        contracts=[_contract(one, on) for one in portfolio.contracts],
        commodities=[
            CommodityDetail(commodity=one.commodity, bought=_amount(one.bought), sold=_amount(one.sold))
            for one in contracted(portfolio, on)
        ],
    )


def _facilities(portfolio: Portfolio) -> list[FacilityDetail]:
    return [
        FacilityDetail(
            id=one.id,
            name=one.name,
            place=one.place,
            plants=list(one.plants),
            equipment=counted.equipment,
            tags=counted.tags,
        )
        for one, counted in zip(portfolio.facilities, count(portfolio), strict=False)
    ]


def _transfer(portfolio: Portfolio, one: Transfer) -> TransferDetail:
    return TransferDetail(
        name=one.name,
        source=str(one.source),
        target=str(one.target),
        commodity=one.commodity,
        quantity=_told(one.quantity),
        measure=_measure(portfolio, one.tag, one.quantity),
    )


def _utility(portfolio: Portfolio, one: Utility) -> UtilityDetail:
    total = next(load for load in utility_loads(portfolio) if load.utility == one.id)
    return UtilityDetail(
        id=one.id,
        name=one.name,
        carries=one.carries,
        capacity=_told(total.capacity),
        load=_told(total.load),
        providers=[str(supply.at or supply.name) for supply in one.providers],
        uses=[
            UseDetail(
                at=str(use.at),
                load=_told(use.load),
                scale=conversion(use.load.unit.text, total.capacity.unit.text).scale,
                measure=_measure(portfolio, use.tag, use.load),
            )
            for use in one.consumers
        ],
    )


def _contract(one: Contract, on: date) -> ContractDetail:
    return ContractDetail(
        id=one.id,
        name=one.name,
        kind=one.kind,
        party=one.party,
        commodity=one.commodity,
        quantity=_told(one.quantity),
        points=[str(point) for point in one.points],
        since=one.since.isoformat(),
        until=None if one.until is None else one.until.isoformat(),
        price=_amount(one.price),
        holds=one.holds(on),
    )


def _measure(portfolio: Portfolio, tag: InPlant | None, like: Quantity) -> Measure | None:
    if tag is None:
        return None
    definition = portfolio.plants[tag.plant].tags_by_name[tag.name]
    line = conversion(definition.unit, like.unit.text)
    return Measure(
        plant=tag.plant,
        tag=tag.name,
        description=definition.description,
        unit=like.unit.text,
        scale=line.scale,
        offset=line.offset,
        # As many figures as the tag's own unit shows: a tonne where the tag counts kilograms has three more.
        decimals=max(0, definition.decimals - round(math.log10(line.scale))),
    )


def _amount(quantity: Quantity | None) -> Amount | None:
    return None if quantity is None else _told(quantity)


def _told(quantity: Quantity) -> Amount:
    return Amount(value=quantity.value, unit=quantity.unit.text)
