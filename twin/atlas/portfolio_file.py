"""The form of a portfolio file, and from its text to the portfolio, with all faults of the text at once."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from twin.atlas.entry import Entry, Instant, Name, Text
from twin.atlas.equipment import Carries
from twin.atlas.faults import Finding, Path
from twin.atlas.form_faults import form_findings
from twin.atlas.plant import Plant
from twin.atlas.portfolio import Contract, ContractKind, Facility, InPlant, Portfolio, Supply, Transfer, Use, Utility
from twin.atlas.portfolio_invariants import find_portfolio_faults
from twin.atlas.quantities import Quantity
from twin.atlas.units import UnitError
from twin.atlas.yaml_text import YamlText, read_yaml

PlantName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9\-]*$", max_length=60)]
Point = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9\-]*/[A-Za-z0-9][A-Za-z0-9_.\-/]*$", max_length=150)]
"""Something in a plant, like `williams-otto/PRODUCT`."""


class FacilityEntry(Entry):
    """A site with its plants."""

    id: Name = Field(description="short name of the site")
    name: Text = Field("", max_length=120, description="what people call it; its id if unset")
    place: Text = Field("", max_length=120, description="where it lies")
    plants: tuple[PlantName, ...] = Field(description="ids of the plants that stand there")


class TransferEntry(Entry):
    """What one plant hands to another."""

    name: Name = Field(description="short name, like T-1")
    source: Point = Field(alias="from", description="where it leaves the one plant, like plant/PRODUCT")
    target: Point = Field(alias="to", description="where it comes into the other, like plant/FEED-A")
    commodity: Text = Field(min_length=1, max_length=80, description="what it is")
    quantity: Text = Field(description="how much is planned, like 14 t/h")
    tag: Point | None = Field(None, description="tag that measures it, like plant/FIC-102.PV")


class SupplyEntry(Entry):
    """Who provides a utility."""

    name: Text = Field("", max_length=80, description="who provides it, where that is no plant of the portfolio")
    at: Point | None = Field(None, description="where a plant gives it, like boiler-house/STEAM")
    capacity: Text = Field(description="the most that it gives, like 30 t/h")


class UseEntry(Entry):
    """Where a plant uses a utility."""

    at: Point = Field(description="equipment that uses it, like plant/E-101")
    load: Text = Field(description="how much by design, like 4 t/h")
    tag: Point | None = Field(None, description="tag that measures it")


class UtilityEntry(Entry):
    """What plants share."""

    id: Name = Field(description="short name, like STEAM")
    name: Text = Field("", max_length=120, description="what people call it; its id if unset")
    carries: Carries = Field("material", description="what flows")
    providers: tuple[SupplyEntry, ...] = Field(description="see Providers")
    consumers: tuple[UseEntry, ...] = Field((), description="see Consumers")


class ContractEntry(Entry):
    """What is bought or sold, for one plant or several."""

    id: Name = Field(description="its number")
    name: Text = Field("", max_length=120, description="what people call it; its id if unset")
    kind: ContractKind = Field(description="whether it is bought or sold")
    party: Text = Field(alias="with", min_length=1, max_length=80, description="who is at the other end")
    commodity: Text = Field(min_length=1, max_length=80, description="what it is about")
    quantity: Text = Field(description="how much over all points, like 30000 t/year")
    points: tuple[Point | Name, ...] = Field(description="where it is handed over: plant/PRODUCT, or a utility's id")
    since: Instant = Field(alias="from", description="first day on which it holds")
    until: Instant | None = Field(None, description="first day on which it no longer holds; open if unset")
    price: Text | None = Field(None, description="money for an amount, like 1143.38 USD/kg")


class PortfolioFile(Entry):
    """A whole portfolio file."""

    atlas: Literal[2] = Field(description="version of the form")
    portfolio: PlantName = Field(description="the portfolio's id")
    name: Text = Field(min_length=1, max_length=120, description="what people call it")
    description: Text = Field("", description="one sentence about it")
    facilities: tuple[FacilityEntry, ...] = Field(min_length=1, description="see Facilities")
    transfers: tuple[TransferEntry, ...] = Field((), description="see Transfers")
    utilities: tuple[UtilityEntry, ...] = Field((), description="see Utilities")
    contracts: tuple[ContractEntry, ...] = Field((), description="see Contracts")


PARTS: Final[dict[str, type[Entry]]] = {
    "facilities": FacilityEntry, "transfers": TransferEntry, "utilities": UtilityEntry, "providers": SupplyEntry,
    "consumers": UseEntry, "contracts": ContractEntry,
}  # fmt: skip
"""The parts that are lists, with the form of their entries."""


def json_schema() -> dict[str, Any]:
    """The form as JSON Schema, so that editors complete and check portfolio files."""
    schema = PortfolioFile.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Atlas Live portfolio file"
    return schema


def read_plant_ids(text: str, filename: str = "") -> tuple[str, ...]:
    """Ids of the plants that a portfolio's text names, each once: what `parse_portfolio` wants to be given.

    Raises
    ------
    DefinitionError
        Where the text is no portfolio file.
    """
    form = _read_form(read_yaml(text, filename))
    return tuple(dict.fromkeys(plant for facility in form.facilities for plant in facility.plants))


def parse_portfolio(text: str, plants: Mapping[str, Plant], filename: str = "") -> Portfolio:
    """The portfolio that a file's text describes.

    Parameters
    ----------
    text
        The file's text.
    plants
        Plants by id, at least those of `read_plant_ids`; one that is missing is a fault of the text.
    filename
        Only names the file in faults.

    Raises
    ------
    DefinitionError
        Where anything is wrong with it, with every fault, its path, line and remedy.
    """
    read = read_yaml(text, filename)
    form = _read_form(read)
    reading = _Reading()
    portfolio = Portfolio(
        id=form.portfolio,
        name=form.name,
        description=form.description,
        facilities=tuple(map(_facility, form.facilities)),
        plants={id: plants[id] for facility in form.facilities for id in facility.plants if id in plants},
        transfers=tuple(reading.transfer(("transfers", i), entry) for i, entry in enumerate(form.transfers)),
        utilities=tuple(reading.utility(("utilities", i), entry) for i, entry in enumerate(form.utilities)),
        contracts=tuple(reading.contract(("contracts", i), entry) for i, entry in enumerate(form.contracts)),
    )
    findings = [*reading.findings, *(one for one in find_portfolio_faults(portfolio) if not reading.spoilt(one))]
    if findings:
        read.refuse(findings)
    return portfolio


def _read_form(read: YamlText) -> PortfolioFile:
    try:
        return PortfolioFile.model_validate(read.plain)
    except ValidationError as error:
        findings = form_findings(error, PortfolioFile)
    return read.refuse(findings)


class _Reading:
    """Makes objects of entries; a quantity that can't be read is noted, and a unit flow stands in for it."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def spoilt(self, finding: Finding) -> bool:
        """Whether a fault is of a quantity that is compared with one that stands in."""
        return any(
            finding.path[:2] == other.path[:2] and finding.path[-1] in ("quantity", "capacity", "load", "price", "tag")
            for other in self.findings
        )

    def transfer(self, path: Path, entry: TransferEntry) -> Transfer:
        return Transfer(
            name=entry.name,
            source=InPlant.parse(entry.source),
            target=InPlant.parse(entry.target),
            commodity=entry.commodity,
            quantity=self._quantity((*path, "quantity"), entry.quantity),
            tag=_in_plant(entry.tag),
        )

    def utility(self, path: Path, entry: UtilityEntry) -> Utility:
        return Utility(
            id=entry.id,
            name=entry.name or entry.id,
            carries=entry.carries,
            providers=tuple(
                Supply(
                    capacity=self._quantity((*path, "providers", place, "capacity"), one.capacity),
                    at=_in_plant(one.at),
                    name=one.name,
                )
                for place, one in enumerate(entry.providers)
            ),
            consumers=tuple(
                Use(
                    at=InPlant.parse(one.at),
                    load=self._quantity((*path, "consumers", place, "load"), one.load),
                    tag=_in_plant(one.tag),
                )
                for place, one in enumerate(entry.consumers)
            ),
        )

    def contract(self, path: Path, entry: ContractEntry) -> Contract:
        return Contract(
            id=entry.id,
            name=entry.name or entry.id,
            kind=entry.kind,
            party=entry.party,
            commodity=entry.commodity,
            quantity=self._quantity((*path, "quantity"), entry.quantity),
            points=tuple(InPlant.parse(point) if "/" in point else point for point in entry.points),
            since=_day(entry.since),
            until=None if entry.until is None else _day(entry.until),
            price=None if entry.price is None else self._quantity((*path, "price"), entry.price),
        )

    def _quantity(self, path: Path, text: str) -> Quantity:
        try:
            return Quantity.parse(text)
        except UnitError as error:
            self.findings.append(Finding(path, error.message, error.remedy))
            return Quantity(1.0, "kg/s")


def _facility(entry: FacilityEntry) -> Facility:
    return Facility(id=entry.id, name=entry.name or entry.id, place=entry.place, plants=entry.plants)


def _in_plant(text: str | None) -> InPlant | None:
    return None if text is None else InPlant.parse(text)


def _day(moment: Instant) -> date:
    return moment.date()
