import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.atlas.tags import Tag, TagTable, TagTableContent, UnknownTagError


def a_tag(tag_id: int, name: str) -> Tag:
    return Tag(tag_id=tag_id, name=name, description="", unit="K", low=0, high=100)


def a_table(*tags: Tag) -> TagTable:
    return TagTable.of(TagTableContent(plant="mill", number=1, revision=1, tags=tags))


def test_tag_tables_a_table_keeps_its_name_over_the_codec_whole_numbers_included() -> None:
    table = a_table(a_tag(2, "TI-2.PV"), a_tag(1, "TI-1.PV"))
    again = TagTable.decode(table.encoded, table.name)
    assert again.name == table.name
    assert again.encoded == table.encoded


def test_tag_tables_the_name_changes_with_the_content_and_not_with_the_order() -> None:
    one, two = a_tag(1, "TI-1.PV"), a_tag(2, "TI-2.PV")
    assert a_table(one, two).name == a_table(two, one).name
    assert a_table(one).name != a_table(two).name


def test_tag_tables_another_table_under_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="asked for"):
        TagTable.decode(a_table(a_tag(1, "TI-1.PV")).encoded, "0123456789abcdef")
    with pytest.raises(ValueError, match="not a tag table"):
        TagTable.decode(b"{")


def test_numbers_are_found_at_their_positions_and_strange_ones_nowhere() -> None:
    table = a_table(a_tag(5, "TI-5.PV"), a_tag(9, "TI-9.PV"))
    assert table.find(np.array([9, 5, 7, 100], dtype=np.int32)).tolist() == [1, 0, -1, -1]
    assert a_table().find(np.array([9], dtype=np.int32)).tolist() == [-1]
    assert table.position("TI-9.PV") == 1
    with pytest.raises(UnknownTagError, match="no tag TI-1"):
        table.position("TI-1.PV")


int32s = st.integers(-(2**31), 2**31 - 1)


@given(st.sets(st.integers(-20, 60) | int32s, min_size=1, max_size=20), st.lists(st.integers(-30, 70) | int32s))
def test_numbers_are_found_alike_whether_they_lie_close_or_far_apart(numbers: set[int], asked: list[int]) -> None:
    table = a_table(*(a_tag(number, f"TI-{number}.PV") for number in numbers))
    places = {number: place for place, number in enumerate(sorted(numbers))}
    wanted = [*asked, *numbers]
    found = table.find(np.array(wanted, dtype=np.int32))
    assert found.tolist() == [places.get(number, -1) for number in wanted]
    assert found.dtype == np.intp


def test_two_tags_of_one_name_or_number_are_refused() -> None:
    with pytest.raises(ValueError, match="share the name TI-1"):
        a_table(a_tag(1, "TI-1.PV"), a_tag(2, "TI-1.PV"))
    with pytest.raises(ValueError, match="share the number 1"):
        a_table(a_tag(1, "TI-1.PV"), a_tag(1, "TI-2.PV"))
