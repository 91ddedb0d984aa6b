from pathlib import Path

import pytest

from stream.servers import find
from stream.servers.errors import ServerError, ServerMissingError
from stream.servers.find import KINDS, Availability, ServerPlaces, available, choose

PLACES = ServerPlaces(Path("/folder"), Path("/cache"))
GIVEN = ServerPlaces(Path("/folder"), Path("/cache"), "127.0.0.1:1", "postgresql://atlas@127.0.0.1:2/atlas")


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> "pytest.MonkeyPatch":
    """Servers of no kind can be had, but for those that a test allows."""
    for kind in KINDS:
        monkeypatch.setitem(
            find._LOOKS, kind, lambda _places, kind=kind: Availability(kind, f"no {kind}", "install it")
        )
    return monkeypatch


def test_given_addresses_win_over_all_else() -> None:
    assert choose("auto", GIVEN).kind == "external"


def test_auto_takes_the_first_kind_that_can_be_had(only: pytest.MonkeyPatch) -> None:
    only.setitem(find._LOOKS, "native", lambda _places: Availability("native"))
    assert choose("auto", PLACES).kind == "native"
    only.setitem(find._LOOKS, "embedded", lambda _places: Availability("embedded"))
    assert choose("auto", PLACES).kind == "embedded"


@pytest.mark.usefixtures("only")
def test_where_nothing_can_be_had_every_reason_is_told() -> None:
    with pytest.raises(ServerMissingError) as refusal:
        choose("auto", PLACES)
    assert all(f"no {kind}" in str(refusal.value) for kind in KINDS)


@pytest.mark.usefixtures("only")
def test_an_asked_kind_is_never_replaced_by_another() -> None:
    with pytest.raises(ServerMissingError, match="native servers: no native; install it"):
        choose("native", PLACES)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ServerError, match="servers holds 'cloud'"):
        choose("cloud", PLACES)


def test_one_address_without_the_other_is_refused() -> None:
    half = ServerPlaces(Path("/folder"), Path("/cache"), kafka="127.0.0.1:1")
    with pytest.raises(ServerError, match="ATLAS_KAFKA is set and ATLAS_DATABASE is not"):
        choose("auto", half)


def test_every_kind_is_looked_for() -> None:
    assert [look.kind for look in available(GIVEN)] == list(KINDS)
    assert all(look.ok or look.remedy for look in available(GIVEN))
