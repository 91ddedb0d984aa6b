"""Prices as a plant file writes them: the first price book of a plant."""

from collections.abc import Mapping

from pydantic import ConfigDict, Field

from twin.atlas.entry import Entry, Instant, Text
from twin.atlas.errors import AtlasError
from twin.atlas.faults import Finding
from twin.atlas.prices import Price, PriceBook, overlap_words, overlaps


class PriceEntry(Entry):
    """What an item costs, and when."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    item: Text = Field(min_length=1, max_length=80, description="a compound, a stream, a utility: steam, electricity")
    price: Text = Field(max_length=80, description="money for an amount, like 1143.38 USD/kg or 60 EUR/MWh")
    since: Instant | None = Field(None, alias="from", description="when it begins to hold; always, if unset")
    until: Instant | None = Field(None, description="when it no longer holds; open, if unset")


def read_prices(entries: Mapping[int, PriceEntry]) -> tuple[PriceBook, list[Finding]]:
    """The first price book of a plant, version 1, or an empty one, and every fault of its entries.

    Paths of the findings begin with the entry's index. Where entries are at fault the book holds the others.
    """
    prices: dict[int, Price] = {}
    findings: list[Finding] = []
    for index, entry in entries.items():
        try:
            prices[index] = Price.of(entry.item, entry.price, entry.since, entry.until)
        except AtlasError as error:
            findings.append(Finding((index, "price"), error.message, error.remedy))
    at = {id(price): index for index, price in prices.items()}
    for earlier, later in overlaps(prices.values()):
        findings.append(Finding((at[id(later)],), *overlap_words(earlier, later)))
        prices.pop(at[id(later)], None)
    return PriceBook(prices.values(), 1 if prices else 0), findings
