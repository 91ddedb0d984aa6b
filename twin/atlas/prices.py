"""The price book: what products, feeds and utilities cost, with units and the times in which each price holds.

A book is immutable and has a version of its own, apart from the plant's revision: prices change every day, plants
don't. A plant file may carry the first one.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from twin.atlas.errors import AtlasError
from twin.atlas.faults import did_you_mean

if TYPE_CHECKING:
    from twin.atlas.quantities import Quantity

PRICED_BY: Final = ("kg", "m3", "J", "mol", "scm", "h")
"""What a price may be for: mass, volume, energy, amount, standard volume, time; any unit of these dimensions."""

_LONGEST: Final = 120
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)
_WRITTEN: Final = re.compile(r"\s*(?P<amount>[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|[-+]?\.\d+)\s*(?P<unit>\S.*?)\s*$")


class PriceError(AtlasError):
    """Prices that can't be used: no money for an amount, two at one time, or none when one is asked for."""


@dataclass(frozen=True, slots=True)
class Price:
    """What one unit of an item costs from `since` until just before `until`; None leaves that end open.

    `amount` is in `unit`, money for an amount, like 1143.38 in USD/kg; negative where one pays to be rid of the item.
    """

    item: str
    amount: float
    unit: str
    since: datetime | None = None
    until: datetime | None = None

    @classmethod
    def of(cls, item: str, price: str, since: datetime | None = None, until: datetime | None = None) -> "Price":
        """Read and check a price like `1143.38 USD/kg`.

        Raises
        ------
        PriceError
            Where it is no money for an amount, a time lacks its zone, or the price ends before it begins.
        UnitError
            Where nobody knows the unit.
        """
        read = cls.written(item, price, since, until)
        if not _is_money_for_something(read.unit):
            raise PriceError(
                f"the price of {item}, '{price}', is no money for an amount",
                remedy="write it like 1143.38 USD/kg, 60 EUR/MWh or 2.5 USD/m3",
            )
        return read

    @classmethod
    def written(cls, item: str, price: str, since: datetime | None, until: datetime | None) -> "Price":
        """Read what was checked before, without looking its unit up; raises `PriceError`."""
        match = _WRITTEN.match(price) if len(price) <= _LONGEST else None
        if match is None or not math.isfinite(float(match["amount"])):
            raise PriceError(
                f"the price of {item}, '{price[:40]}', is no number with a unit", remedy="write it like 1143.38 USD/kg"
            )
        for moment in (since, until):
            if moment is not None and moment.tzinfo is None:
                raise PriceError(f"the price of {item} names {moment} without a zone", remedy="add it, like +00:00")
        if since is not None and until is not None and until <= since:
            raise PriceError(
                f"the price of {item} ends at {until.isoformat()}, before it begins at {since.isoformat()}",
                remedy="swap 'from' and 'until'",
            )
        return cls(item, float(match["amount"]), match["unit"], since, until)

    def __str__(self) -> str:
        return f"{self.amount!r} {self.unit}"

    @property
    def quantity(self) -> "Quantity":
        """The price as a quantity, ready to be multiplied by an amount."""
        from twin.atlas.quantities import Quantity

        return Quantity(self.amount, self.unit)

    def holds(self, at: datetime) -> bool:
        """Whether the price is in force at an instant."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


@dataclass(frozen=True)
class PriceBook:
    """Prices in order of item and time, no two of one item at the same time; `version` counts up from 1, 0 is none.

    >>> from datetime import UTC, datetime
    >>> book = PriceBook([Price.of("steam", "18 USD/t"), Price.of("P", "1143.38 USD/kg")])
    >>> str(book.in_force("steam", datetime(2026, 1, 1, tzinfo=UTC)))
    '18.0 USD/t'
    """

    prices: tuple[Price, ...] = ()
    version: int = 0

    def __init__(self, prices: Iterable[Price] = (), version: int = 0) -> None:
        object.__setattr__(self, "prices", tuple(sorted(prices, key=_order)))
        object.__setattr__(self, "version", version)
        for earlier, later in overlaps(self.prices):
            message, remedy = overlap_words(earlier, later)
            raise PriceError(message, remedy=remedy)

    def __len__(self) -> int:
        return len(self.prices)

    def __iter__(self) -> Iterator[Price]:
        return iter(self.prices)

    @cached_property
    def by_item(self) -> Mapping[str, tuple[Price, ...]]:
        """An item's prices in order of time, by its name."""
        return {item: tuple(prices) for item, prices in groupby(self.prices, key=lambda price: price.item)}

    def in_force(self, item: str, at: datetime) -> Price:
        """The price of an item at an instant, which names its zone.

        Raises
        ------
        PriceError
            Where the book has no such item, or no price of it at that time.
        """
        if at.tzinfo is None:
            raise PriceError(f"the price of {item} is asked for at {at} without a zone", remedy="add it, like +00:00")
        known = self.by_item.get(item)
        if known is None:
            remedy = did_you_mean(item, self.by_item, "add its price to the price book")
            raise PriceError(f"no price of '{item}' in version {self.version} of the price book", remedy=remedy)
        newest = bisect_right(known, at, key=lambda price: price.since or _BEGINNING) - 1
        if newest < 0 or not known[newest].holds(at):
            raise PriceError(f"no price of '{item}' at {at.isoformat()}", remedy="add one that holds at that time")
        return known[newest]

    def price(self, item: str, at: datetime) -> "Quantity":
        """The price of an item at an instant as a quantity; see `in_force`."""
        return self.in_force(item, at).quantity

    def revised(self, prices: Iterable[Price]) -> "PriceBook":
        """The next version, with these prices in place of all of its own."""
        return PriceBook(prices, self.version + 1)

    def as_content(self) -> dict[str, Any]:
        """The book as plain values, which `of_content` reads and JSON, MessagePack and YAML can hold."""
        return {"version": self.version, "entries": [_entry(price) for price in self.prices]}

    @classmethod
    def of_content(cls, content: Mapping[str, Any]) -> "PriceBook":
        """The book that `as_content` wrote; its units were checked when it was made and are not looked up again.

        Raises
        ------
        PriceError
            Where the values are no price book.
        """
        try:
            return cls([_price(entry) for entry in content["entries"]], int(content["version"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise PriceError(f"not a price book: {error!r}", remedy="send what PriceBook.as_content gives") from error


def overlaps(prices: Iterable[Price]) -> Iterator[tuple[Price, Price]]:
    """Prices that begin to hold while another one of the same item holds, each after that other one."""
    reaching: Price | None = None
    for price in sorted(prices, key=_order):
        if reaching is None or reaching.item != price.item:
            reaching = price
            continue
        if reaching.until is None or price.since is None or price.since < reaching.until:
            yield reaching, price
        if reaching.until is not None and (price.until is None or price.until > reaching.until):
            reaching = price


def overlap_words(earlier: Price, later: Price) -> tuple[str, str]:
    """What is wrong with two prices that overlap, and the remedy."""
    when = later.since.isoformat() if later.since else "the beginning"
    return (
        f"two prices of '{later.item}' hold from {when} on: {earlier} and {later}",
        f"end the earlier one with 'until: {when}'" if later.since else "say with 'from:' since when each one holds",
    )


def _order(price: Price) -> tuple[str, bool, float]:
    return price.item, price.since is not None, price.since.timestamp() if price.since else 0.0


def _entry(price: Price) -> dict[str, str | None]:
    return {
        "item": price.item,
        "price": str(price),
        "from": price.since.isoformat() if price.since else None,
        "until": price.until.isoformat() if price.until else None,
    }


def _price(entry: Mapping[str, Any]) -> Price:
    since, until = (datetime.fromisoformat(text) if (text := entry[key]) else None for key in ("from", "until"))
    return Price.written(str(entry["item"]), str(entry["price"]), since, until)


@lru_cache(maxsize=256)
def _is_money_for_something(unit: str) -> bool:
    from twin.atlas.units import CURRENCIES, parse_unit

    dimension, money = parse_unit(unit).dimension, unit[:3]
    return money in CURRENCIES and dimension in {parse_unit(f"{money}/{what}").dimension for what in PRICED_BY}
