"""What the API answers about a portfolio, as pydantic models; quantities come with their units."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Model(BaseModel):
    # A newer server may say more than this client knows.
    model_config = ConfigDict(extra="ignore", frozen=True)


class Amount(_Model):
    """A quantity."""

    value: float = Field(examples=[14.0])
    unit: str = Field(examples=["t/h"])


class Measure(_Model):
    """The tag that measures something planned: its value times `scale`, plus `offset`, is in the plan's unit."""

    plant: str = Field(examples=["tennessee-eastman"])
    tag: str = Field(examples=["FI-219.PV"])
    description: str = Field(examples=["Stripper steam flow"])
    unit: str = Field(description="the plan's unit", examples=["t/h"])
    scale: float = Field(examples=[0.001])
    offset: float = Field(examples=[0.0])
    decimals: int = Field(description="figures after the point in the plan's unit", examples=[3])


class FacilityDetail(_Model):
    """A site with its plants, and how much these hold."""

    id: str = Field(examples=["RHINE"])
    name: str = Field(examples=["Rhine works"])
    place: str
    plants: list[str] = Field(examples=[["williams-otto"]])
    equipment: int = Field(examples=[34])
    tags: int = Field(examples=[160])


class TransferDetail(_Model):
    """What one plant hands to another."""

    name: str = Field(examples=["T-1"])
    source: str = Field(examples=["tennessee-eastman/PRODUCT"])
    target: str = Field(examples=["williams-otto/FEED-B"])
    commodity: str = Field(examples=["Feed B"])
    quantity: Amount
    measure: Measure | None


class UseDetail(_Model):
    """Where a plant uses a utility, by design, and the tag that measures it."""

    at: str = Field(examples=["tennessee-eastman/C-205"])
    load: Amount
    scale: float = Field(description="what turns the load's unit into the utility's", examples=[1.0])
    measure: Measure | None


class UtilityDetail(_Model):
    """What plants share: `load` is what all use by design, `capacity` what all providers can give, in one unit."""

    id: str = Field(examples=["STEAM"])
    name: str = Field(examples=["Steam, 10 bar"])
    carries: Literal["material", "energy", "signal"]
    capacity: Amount
    load: Amount
    providers: list[str] = Field(examples=[["Boiler house"]])
    uses: list[UseDetail]


class ContractDetail(_Model):
    """What is bought or sold; `holds` tells whether it is in force today."""

    id: str = Field(examples=["S-2601"])
    name: str
    kind: Literal["purchase", "sale"]
    party: str = Field(examples=["Example Resins"])
    commodity: str = Field(examples=["Product P"])
    quantity: Amount
    points: list[str] = Field(examples=[["williams-otto/PRODUCT"]])
    since: str = Field(examples=["2026-01-01"])
    until: str | None = Field(examples=["2029-01-01"])
    price: Amount | None
    holds: bool


class CommodityDetail(_Model):
    """What contracts in force today buy and sell of a commodity."""

    commodity: str
    bought: Amount | None
    sold: Amount | None


class PortfolioDetail(_Model):
    """A portfolio as its page shows it."""

    id: str = Field(examples=["demo"])
    name: str = Field(examples=["Example Chemicals"])
    description: str
    revision: int
    facilities: list[FacilityDetail]
    transfers: list[TransferDetail]
    utilities: list[UtilityDetail]
    contracts: list[ContractDetail]
    commodities: list[CommodityDetail]
