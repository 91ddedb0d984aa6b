from datetime import UTC, datetime
from typing import Any

import pytest

from api.client import ApiUnreachableError, PlantClient
from dashboards.opening import card_tags, closed_page, common_zone, open_page

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_the_overview_opens_on_every_plants_values_and_last_hour(client: PlantClient, scripted: Any) -> None:
    opening = open_page(client, "overview", "", "", NOW)
    assert list(opening["definitions"]) == ["a", "b"]
    assert opening["plant"] is None
    assert opening["keys"] == {"a": ["TIC-1.PV"], "b": ["TIC-1.PV"]}
    assert opening["history"]["b"]["TIC-1.PV"]["times_us"] == [1]
    assert opening["ticket"] == "t-1"
    assert opening["chain"] == []
    assert "/v1/plants/a/graphic.svg" not in scripted.paths


def test_a_plants_page_opens_on_its_drawing_and_only_its_values(client: PlantClient, scripted: Any) -> None:
    opening = open_page(client, "plant", "b", "TIC-1.PV", NOW)
    assert (opening["plant"], opening["graphic"], opening["chosen"]) == ("b", "<svg/>", "TIC-1.PV")
    assert list(opening["states"]) == ["b"]
    assert [plant["id"] for plant in opening["plants"]] == ["a", "b"]


def test_a_portfolio_opens_on_its_picture_and_its_own_plants_alone(client: PlantClient, scripted: Any) -> None:
    detail = {
        "id": "p", "name": "P", "description": "", "revision": 1, "transfers": [], "utilities": [], "contracts": [],
        "commodities": [], "facilities": [
            {"id": "F", "name": "F", "place": "", "plants": ["b", "gone"], "equipment": 1, "tags": 2}],
    }  # fmt: skip
    scripted.answers["/v1/portfolios"] = {"portfolios": [{"id": "p", "name": "P", "revision": 1}]}
    scripted.answers["/v1/portfolios/p/overview"] = detail
    scripted.answers["/v1/portfolios/p/graphic.svg"] = "<svg>p</svg>"
    for asked in ("p", "", "unknown"):
        opening = open_page(client, "portfolio", asked, "", NOW)
        assert (opening["portfolio"]["id"], opening["graphic"]) == ("p", "<svg>p</svg>")
        assert opening["shown"] == list(opening["states"]) == list(opening["definitions"]) == ["b"]
        assert (opening["plant"], opening["history"]) == (None, {})
    assert open_page(client, "plant", "a", "", NOW)["portfolios"] == [{"id": "p", "name": "P", "revision": 1}]


def test_without_a_portfolio_its_page_opens_all_the_same(client: PlantClient, scripted: Any, refusals: Any) -> None:
    scripted.answers["/v1/portfolios"] = {"portfolios": []}
    assert open_page(client, "portfolio", "", "", NOW)["portfolio"] is None
    scripted.answers["/v1/portfolios"] = refusals(503, "The database does not answer")
    opening = open_page(client, "overview", "", "", NOW)
    assert (opening["portfolios"], opening["shown"]) == ([], ["a", "b"])


def test_an_address_that_names_no_plant_or_an_unknown_one_opens_the_first(client: PlantClient) -> None:
    assert open_page(client, "tags", "", "", NOW)["plant"] == "a"
    assert open_page(client, "tags", "<nowhere>", "", NOW)["plant"] == "a"


def test_the_tag_table_reads_no_history(client: PlantClient, scripted: Any) -> None:
    assert open_page(client, "tags", "a", "", NOW)["history"] == {}
    assert not [path for path in scripted.paths if path.endswith("/history")]


def test_live_values_do_not_wait_for_a_table_that_cannot_be_read(
    client: PlantClient, scripted: Any, refusals: Any
) -> None:
    scripted.answers["/v1/plants/b/history"] = refusals(503, "The table cannot be read")
    opening = open_page(client, "overview", "", "", NOW)
    assert opening["history"] == {"a": opening["history"]["a"], "b": {}}
    assert opening["states"]["b"]["tags"]


def test_without_any_value_the_chain_is_read(client: PlantClient, scripted: Any) -> None:
    for plant in ("a", "b"):
        scripted.answers[f"/v1/plants/{plant}/state"]["tags"] = []
    assert [link["what"] for link in open_page(client, "overview", "", "", NOW)["chain"]] == ["Plant", "Message log"]
    assert [link["what"] for link in open_page(client, "plant", "b", "", NOW)["chain"]] == ["Live twin"]


def test_a_service_without_plants_opens_on_the_chain(client: PlantClient, scripted: Any) -> None:
    scripted.answers["/v1/plants"] = {"plants": []}
    opening = open_page(client, "plant", "", "", NOW)
    assert (opening["plant"], opening["graphic"], opening["states"]) == (None, "", {})
    assert opening["chain"]


def test_a_closed_page_has_every_part_that_an_open_one_has(client: PlantClient) -> None:
    trouble = {"title": "away", "detail": "", "remedy": ""}
    closed = closed_page("plant", trouble, NOW)  # type: ignore[arg-type]
    assert set(closed) == set(open_page(client, "plant", "a", "", NOW))
    assert closed["trouble"] == trouble


def test_an_api_that_is_away_raises_the_clients_error() -> None:
    import httpx

    from api.client import ClientConfig

    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    client = PlantClient(ClientConfig("http://plant.test", attempts=1), transport=httpx.MockTransport(away))
    with pytest.raises(ApiUnreachableError):
        open_page(client, "overview", "", "", NOW)


def test_cards_share_the_page() -> None:
    assert [card_tags(plants) for plants in (1, 2, 3, 4, 9)] == [10, 10, 6, 6, 4]


def test_plants_of_one_zone_share_it_and_others_meet_in_utc() -> None:
    assert common_zone(["Europe/Berlin", "Europe/Berlin"]) == "Europe/Berlin"
    assert common_zone(["Europe/Berlin", "UTC"]) == "UTC"
    assert common_zone([]) == "UTC"
