"""Rules pure-twin and tag-tables: a control record counts once, and only a newer revision of the plant's own comes."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.envelope import Control
from stream.scan.controls import MAX_IDENTITIES, Applied, apply_prices, apply_revision
from twin.atlas.prices import Price, PriceBook
from twin.atlas.tags import TagTable


def other(table: TagTable, **changes: object) -> TagTable:
    return TagTable.of(msgspec.structs.replace(table.content, **changes))


def revise(name: str, identity: str = "e1", action: str = "revise") -> Control:
    return Control(plant="mill", identity=identity, action=action, content={"tag_table": name})


@given(st.lists(st.sampled_from("abcdef")))
def test_pure_twin_an_identity_counts_once(identities: list[str]) -> None:
    applied = Applied()
    counted = [identity for identity in identities if applied.once(identity)]
    assert counted == list(dict.fromkeys(identities))


def test_pure_twin_remembered_identities_are_bounded_and_the_oldest_goes() -> None:
    applied = Applied()
    for number in range(MAX_IDENTITIES + 1):
        assert applied.once(str(number))
    assert len(applied.identities) == MAX_IDENTITIES
    assert not applied.once("1")
    assert applied.once("0")


def test_tag_tables_a_revision_comes_once_and_an_older_one_never(table: TagTable) -> None:
    second = other(table, revision=2)
    tables = {table.name: table, second.name: second}
    applied = Applied()
    assert apply_revision(applied, revise(second.name), table, tables.get) is second
    assert apply_revision(applied, revise(second.name), table, tables.get) is None
    assert apply_revision(applied, revise(table.name, "e2"), second, tables.get) is None


@pytest.mark.parametrize(
    "control",
    [
        revise("unheard-of"),
        revise(""),
        revise("x", action="shelve"),
        Control(plant="mill", identity="e1", action="revise"),
    ],
)
def test_tag_tables_what_names_no_known_table_changes_nothing(table: TagTable, control: Control) -> None:
    assert apply_revision(Applied(), control, table, {table.name: table}.get) is None


def test_tag_tables_another_plants_table_and_the_one_in_force_change_nothing(table: TagTable) -> None:
    foreign = other(table, plant="brewery", revision=9)
    tables = {table.name: table, foreign.name: foreign}
    assert apply_revision(Applied(), revise(foreign.name), table, tables.get) is None
    assert apply_revision(Applied(), revise(table.name), table, tables.get) is None


def test_an_action_of_another_kind_leaves_its_identity_for_whom_it_concerns(table: TagTable) -> None:
    applied = Applied()
    apply_revision(applied, revise(table.name, "e1", "acknowledge"), table, {}.get)
    assert applied.once("e1")


def priced(number: int, identity: str = "e1", **content: object) -> Control:
    book = PriceBook([Price.of("steam", f"{number} USD/t")], number)
    return Control(plant="mill", identity=identity, action="prices", content=book.as_content() | content)


def test_a_price_book_comes_once_and_an_older_one_never() -> None:
    applied, book = Applied(), PriceBook()
    for version, identity, expected in ((2, "a", 2), (3, "a", 2), (1, "b", 2), (2, "c", 2), (4, "d", 4)):
        book = apply_prices(applied, priced(version, identity), book)
        assert book == PriceBook([Price.of("steam", f"{expected} USD/t")], expected)


@pytest.mark.parametrize(
    "control",
    [
        priced(5, version="five"),
        priced(5, entries=[{"item": "steam"}]),
        priced(5, entries=None),
        Control(plant="mill", identity="e1", action="prices"),
        Control(plant="mill", identity="e1", action="revise", content=priced(5).content),
    ],
)
def test_what_is_no_price_book_changes_nothing(control: Control) -> None:
    book = PriceBook([Price.of("steam", "1 USD/t")], 1)
    assert apply_prices(Applied(), control, book) is book
