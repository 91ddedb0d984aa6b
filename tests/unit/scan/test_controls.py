"""Rules pure-twin and tag-tables: a control record counts once, and only a newer revision of the plant's own comes."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.envelope import Control
from stream.scan.controls import MAX_IDENTITIES, Applied, apply_revision
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
