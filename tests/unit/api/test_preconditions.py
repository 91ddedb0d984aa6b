"""Which revision a change was made for, and what a reader holds already."""

from __future__ import annotations

import pytest
from fastapi import Request

from api.preconditions import demand_current, entity_tag, is_known
from api.problems import Problem

TAG = entity_tag(3, b"text")


def request(**headers: str) -> Request:
    sent = [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": sent})


def test_a_tag_tells_revision_and_content_apart() -> None:
    assert TAG.startswith('"3-')
    assert len({TAG, entity_tag(4, b"text"), entity_tag(3, b"other")}) == 3


@pytest.mark.parametrize("sent", [TAG, f"W/{TAG}", "*", f'"x", {TAG}'])
def test_a_reader_who_holds_it_is_known(sent: str) -> None:
    assert is_known(request(If_None_Match=sent), TAG)


@pytest.mark.parametrize("headers", [{}, {"If_None_Match": '"3-x"'}, {"If_Match": TAG}])
def test_a_reader_who_does_not_is_not(headers: dict[str, str]) -> None:
    assert not is_known(request(**headers), TAG)


@pytest.mark.parametrize(
    ("headers", "tag"),
    [
        ({"If_Match": TAG}, TAG),
        ({"If_Match": f'"1-a",{TAG}'}, TAG),
        ({"If_Match": "*"}, TAG),
        ({"If_None_Match": "*"}, None),
    ],
)
def test_a_change_of_what_is_in_force_passes(headers: dict[str, str], tag: str | None) -> None:
    demand_current(request(**headers), tag)


@pytest.mark.parametrize(
    ("headers", "tag", "status"),
    [
        ({}, TAG, 428),
        ({}, None, 428),
        ({"If_None_Match": TAG}, TAG, 428),
        ({"If_Match": '"2-a"'}, TAG, 412),
        ({"If_Match": f"W/{TAG}"}, TAG, 412),
        ({"If_Match": TAG}, None, 412),
        ({"If_Match": "*"}, None, 412),
        ({"If_None_Match": "*"}, TAG, 412),
    ],
)
def test_any_other_is_refused(headers: dict[str, str], tag: str | None, status: int) -> None:
    with pytest.raises(Problem) as caught:
        demand_current(request(**headers), tag)
    assert caught.value.status_code == status
