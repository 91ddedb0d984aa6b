"""The portfolio: plants at their facilities, with what they hand to one another, share, buy and sell together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Literal

import networkx as nx

from twin.atlas.equipment import Carries, Equipment
from twin.atlas.errors import AtlasError
from twin.atlas.faults import Finding
from twin.atlas.plant import Plant
from twin.atlas.quantities import Quantity

ContractKind = Literal["purchase", "sale"]


class PortfolioError(AtlasError):
    """A portfolio that breaks its invariants; `findings` are all of them."""

    def __init__(self, portfolio: str, findings: tuple[Finding, ...]) -> None:
        listed = "; ".join(str(finding.fault()) for finding in findings)
        count = "1 fault" if len(findings) == 1 else f"{len(findings)} faults"
        super().__init__(f"portfolio {portfolio} has {count}: {listed}", remedy="mend them and load it again")
        self.findings = findings


@dataclass(frozen=True)
class InPlant:
    """Something of a plant of the portfolio, written `williams-otto/PRODUCT`: a piece of equipment, or a tag."""

    plant: str
    name: str

    @classmethod
    def parse(cls, text: str) -> "InPlant":
        """Read `plant/name`; a plant's id holds no slash, so the first one parts the two."""
        plant, _, name = text.partition("/")
        return cls(plant, name)

    def __str__(self) -> str:
        return f"{self.plant}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class Facility:
    """A site with its plants, by their ids."""

    id: str
    name: str
    plants: tuple[str, ...]
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """What one plant hands to another: from where it leaves the one to where it comes into the other.

    `quantity` is what is planned; `tag`, where there is one, measures it.
    """

    name: str
    source: InPlant
    target: InPlant
    commodity: str
    quantity: Quantity
    tag: InPlant | None = None


@dataclass(frozen=True, kw_only=True)
class Supply:
    """Who provides a utility, and how much at most: a plant of the portfolio at a boundary, or someone outside."""

    capacity: Quantity
    at: InPlant | None = None
    name: str = ""

    @property
    def node(self) -> str:
        """Who it is, in the portfolio's graph."""
        return self.at.plant if self.at is not None else self.name


@dataclass(frozen=True, kw_only=True)
class Use:
    """Where a plant uses a utility, and how much by design; `tag`, where there is one, measures it."""

    at: InPlant
    load: Quantity
    tag: InPlant | None = None


@dataclass(frozen=True, kw_only=True)
class Utility:
    """What plants share: steam, cooling water, power."""

    id: str
    name: str
    carries: Carries
    providers: tuple[Supply, ...]
    consumers: tuple[Use, ...]


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What is bought or sold, for one plant or several.

    Parameters
    ----------
    points
        Where it is handed over: boundaries of plants, or a utility's id.
    quantity
        Over all points together.
    since, until
        First day on which it holds, and the first on which it no longer does; None: until further notice.
    price
        Money for an amount; None where nobody tells.
    """

    id: str
    name: str
    kind: ContractKind
    party: str
    commodity: str
    quantity: Quantity
    points: tuple[InPlant | str, ...]
    since: date
    until: date | None = None
    price: Quantity | None = None

    def holds(self, on: date) -> bool:
        """Whether it is in force on a day."""
        return self.since <= on and (self.until is None or on < self.until)


@dataclass(frozen=True)
class Link:
    """One edge of the portfolio's graph: what goes from whom to whom."""

    name: str
    source: str
    target: str
    carries: Carries
    kind: Literal["transfer", "utility", "contract"]
    quantity: Quantity


@dataclass(frozen=True, kw_only=True)
class Portfolio:
    """Plants with what joins them; make one by `Portfolio.of`, which checks it.

    It can be walked as a plant can (`twin.atlas.traversal`): nodes are the plants, the utilities, and who provides,
    buys or sells from outside. `downstream(portfolio, "STEAM")` tells whom a loss of steam reaches.
    Portfolios are equal where they say the same; of their plants, only the ids belong to that.
    """

    id: str
    name: str
    description: str
    facilities: tuple[Facility, ...]
    plants: Mapping[str, Plant] = field(compare=False, repr=False)
    transfers: tuple[Transfer, ...] = ()
    utilities: tuple[Utility, ...] = ()
    contracts: tuple[Contract, ...] = ()

    @classmethod
    def of(cls, **fields: Any) -> "Portfolio":
        """Make a portfolio of the fields and check all its invariants.

        Raises
        ------
        PortfolioError
            Where one is broken, with every fault.
        """
        from twin.atlas.portfolio_invariants import find_portfolio_faults

        portfolio = cls(**fields)
        findings = tuple(find_portfolio_faults(portfolio))
        if findings:
            raise PortfolioError(portfolio.id, findings)
        return portfolio

    def facility_of(self, plant: str) -> Facility:
        """The facility at which a plant stands."""
        return next(facility for facility in self.facilities if plant in facility.plants)

    def equipment_at(self, point: InPlant) -> Equipment | None:
        """The equipment that a point means, or None where it isn't there."""
        plant = self.plants.get(point.plant)
        return plant.equipment_by_id.get(point.name) if plant is not None else None

    def carries_at(self, point: InPlant) -> Carries:
        """What flows at a boundary."""
        item = self.equipment_at(point)
        return item.type.ports[0].carries if item is not None else "material"

    @cached_property
    def utilities_by_id(self) -> dict[str, Utility]:
        """Utilities by their id."""
        return {utility.id: utility for utility in self.utilities}

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """All that goes from one to another: transfers, then utilities, then contracts."""
        return (*self._transfer_links(), *self._utility_links(), *self._contract_links())

    @cached_property
    def graph(self) -> "nx.MultiDiGraph[str]":
        """Plants, utilities and those outside as nodes; links as edges (key: name, attribute `stream`: the link)."""
        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        graph.add_nodes_from(self.plants)
        graph.add_nodes_from(self.utilities_by_id)
        for link in self.links:
            graph.add_edge(link.source, link.target, key=link.name, stream=link)
        return graph

    def _transfer_links(self) -> Iterator[Link]:
        for one in self.transfers:
            carries = self.carries_at(one.source)
            yield Link(one.name, one.source.plant, one.target.plant, carries, "transfer", one.quantity)

    def _utility_links(self) -> Iterator[Link]:
        for utility in self.utilities:
            for number, supply in enumerate(utility.providers, 1):
                name = f"{utility.id} supply {number}"
                yield Link(name, supply.node, utility.id, utility.carries, "utility", supply.capacity)
            for number, use in enumerate(utility.consumers, 1):
                yield Link(f"{utility.id} use {number}", utility.id, use.at.plant, utility.carries, "utility", use.load)

    def _contract_links(self) -> Iterator[Link]:
        for contract in self.contracts:
            for node, carries in dict.fromkeys(self._handed_over(contract)):
                ends = (contract.party, node) if contract.kind == "purchase" else (node, contract.party)
                name = contract.id if len(contract.points) == 1 else f"{contract.id} {node}"
                yield Link(name, *ends, carries, "contract", contract.quantity)

    def _handed_over(self, contract: Contract) -> Iterator[tuple[str, Carries]]:
        for point in contract.points:
            if isinstance(point, str):
                yield point, self.utilities_by_id[point].carries
            else:
                yield point.plant, self.carries_at(point)
