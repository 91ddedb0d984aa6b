"""The price book: money for an amount, one price of an item at a time, its own versions, and its plain form."""

import doctest
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from twin.atlas import prices as prices_module
from twin.atlas.price_file import PriceEntry, read_prices
from twin.atlas.prices import Price, PriceBook, PriceError, overlaps
from twin.atlas.quantities import Quantity
from twin.atlas.units import UnknownUnitError

DAY = datetime(2026, 1, 1, tzinfo=UTC)


def days(number: int) -> datetime:
    return DAY + timedelta(days=number)


def price(since: int | None, until: int | None, text: str = "18 USD/t", item: str = "steam") -> Price:
    return Price.of(item, text, None if since is None else days(since), None if until is None else days(until))


spans = st.tuples(st.none() | st.integers(0, 20), st.none() | st.integers(21, 40)) | st.tuples(
    st.integers(0, 20), st.integers(21, 40)
).map(lambda span: (span[0], span[0] + span[1] % 7 + 1))
amounts = st.floats(-1e6, 1e6).map(lambda value: f"{value!r} EUR/MWh")
books = st.lists(
    st.builds(lambda span, text, item: price(span[0], span[1], text, item), spans, amounts, st.sampled_from("AB"))
)


@pytest.mark.parametrize("text", ["1143.38 USD/kg", "60 EUR/MWh", "2.5 USD/m3", "-3e1 EUR/t", "40 USD/h", "9 EUR/kmol"])
def test_money_for_an_amount_is_a_price(text: str) -> None:
    read = Price.of("P", text)
    assert (read.amount, read.unit) == (float(text.split()[0]), text.split()[1])


@pytest.mark.parametrize("text", ["5 kg/USD", "5 degC", "5 USD", "5 USD2/kg", "5 kg USD/m3", "5", "1e999 USD/kg"])
def test_what_is_no_money_for_an_amount_is_refused_with_the_item_and_the_remedy(text: str) -> None:
    with pytest.raises(PriceError, match=r"price of P, .*write it like 1143.38 USD/kg"):
        Price.of("P", text)


def test_a_price_times_an_amount_is_money() -> None:
    book = PriceBook([Price.of("P", "1143.38 USD/kg")])
    assert book.price("P", DAY) * Quantity.parse("3 t") == Quantity.parse("3430140 USD")


def test_an_unknown_unit_is_named() -> None:
    with pytest.raises(UnknownUnitError, match="USD/kgg"):
        Price.of("P", "5 USD/kgg")


def test_a_price_holds_from_its_first_moment_until_just_before_its_last() -> None:
    book = PriceBook([price(10, None, "3 USD/t"), price(None, 0, "1 USD/t"), price(0, 10, "2 USD/t")])
    found = [book.in_force("steam", days(day)).amount for day in (-9, -1, 0, 9, 10, 99)]
    assert found == [1, 1, 2, 2, 3, 3]
    assert [p.amount for p in book] == [1, 2, 3]


def test_an_unknown_item_and_a_time_without_price_are_told_apart() -> None:
    book = PriceBook([price(0, 10)], version=4)
    with pytest.raises(PriceError, match=r"no price of 'stem' in version 4 .*did you mean 'steam'"):
        book.in_force("stem", days(1))
    with pytest.raises(PriceError, match=r"no price of 'steam' at 2026-01-11T00:00:00\+00:00"):
        book.in_force("steam", days(10))
    with pytest.raises(PriceError, match="steam is asked for at .* without a zone"):
        book.in_force("steam", days(1).replace(tzinfo=None))


@pytest.mark.parametrize(
    ("since", "until", "why"), [(DAY.replace(tzinfo=None), None, "without a zone"), (days(2), days(2), "ends at")]
)
def test_times_without_zone_and_prices_that_never_hold_are_refused(
    since: datetime, until: datetime | None, why: str
) -> None:
    with pytest.raises(PriceError, match=why):
        Price.of("steam", "18 USD/t", since, until)


@given(books)
def test_a_book_is_made_just_where_no_moment_has_two_prices_of_an_item(entries: list[Price]) -> None:
    moments = [days(day) - timedelta(hours=hours) for day in range(-1, 50) for hours in (0, 12)]
    twice = any(sum(p.item == item and p.holds(at) for p in entries) > 1 for item in "AB" for at in moments)
    assert bool(list(overlaps(entries))) == twice
    if twice:
        with pytest.raises(PriceError, match="two prices of '[AB]' hold"):
            PriceBook(entries)
    else:
        for item, at in ((item, at) for item in "AB" for at in moments):
            holding = [p for p in entries if p.item == item and p.holds(at)]
            assert holding == ([PriceBook(entries).in_force(item, at)] if holding else [])


@given(books, st.integers(0, 9))
def test_the_plain_form_of_a_book_is_json_and_reads_back_equal(entries: list[Price], version: int) -> None:
    kept = [entry for entry in entries if all(entry not in pair for pair in overlaps(entries))]
    book = PriceBook(kept, version)
    assert PriceBook.of_content(json.loads(json.dumps(book.as_content()))) == book


@pytest.mark.parametrize(
    "content",
    [
        {}, {"version": 1}, {"version": 1, "entries": 3}, {"version": "x", "entries": []},
        {"version": 1, "entries": [{"item": "P", "price": "5 USD/kg"}]},
        {"version": 1, "entries": [{"item": "P", "price": "5 USD/kg", "from": "soon", "until": None}]},
        {"version": 1, "entries": [{"item": "P", "price": "cheap", "from": None, "until": None}]},
        {"version": 1, "entries": [{"item": "P", "price": "5 USD/kg", "from": "2020-01-01", "until": None}]},
        {"version": 1, "entries": [{"item": "P", "price": "5 USD/kg", "from": None, "until": None}] * 2},
    ],
)  # fmt: skip
def test_what_is_no_book_is_refused(content: dict[str, object]) -> None:
    with pytest.raises(PriceError):
        PriceBook.of_content(content)


def test_a_book_is_revised_into_the_next_version_and_stays_as_it_was() -> None:
    book = PriceBook([price(0, 10)], 1)
    assert book.revised([price(0, 9)]) == PriceBook([price(0, 9)], 2)
    assert book == PriceBook([price(0, 10)], 1)


def entries_of(*written: dict[str, object]) -> dict[int, PriceEntry]:
    return {index: PriceEntry.model_validate(entry) for index, entry in enumerate(written)}


def test_a_plant_files_prices_become_the_first_version() -> None:
    book, findings = read_prices(
        entries_of(
            {"item": "P", "price": "1143.38 USD/kg", "from": "2026-01-01", "until": "2026-01-11"},
            {"item": "steam", "price": "18 USD/t"},
        )
    )
    assert findings == []
    assert book == PriceBook([price(0, 10, "1143.38 USD/kg", "P"), price(None, None)], 1)
    assert read_prices({}) == (PriceBook(), [])


def test_all_faults_of_a_plant_files_prices_are_found_at_once() -> None:
    book, findings = read_prices(
        entries_of(
            {"item": "P", "price": "5 degC"},
            {"item": "A", "price": "5 USD/kg"},
            {"item": "B", "price": "much"},
            {"item": "A", "price": "6 USD/kg", "from": "2026-01-01", "until": "2026-01-02"},
            {"item": "A", "price": "7 USD/kg", "from": "2026-01-03"},
            {"item": "C", "price": "7 USD/kgg"},
        )
    )
    assert [finding.path for finding in findings] == [(0, "price"), (2, "price"), (5, "price"), (3,), (4,)]
    assert findings[3].remedy == "end the earlier one with 'until: 2026-01-01T00:00:00+00:00'"
    assert [p.amount for p in book] == [5.0]


def test_a_price_entry_takes_no_other_keys() -> None:
    with pytest.raises(ValidationError):
        PriceEntry.model_validate({"item": "P", "price": "5 USD/kg", "to": "2026-01-01"})


def test_the_examples_of_the_docstrings_are_true() -> None:
    assert doctest.testmod(prices_module).failed == 0
