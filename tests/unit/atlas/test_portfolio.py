"""Portfolios: the one that ships, its graph and sums, and every fault of a broken one at once."""

from datetime import date
from io import StringIO
from typing import Any, Final

import pytest
from ruamel.yaml import YAML

from twin.atlas.definition import DefinitionError, parse
from twin.atlas.difference import compare
from twin.atlas.equipment import Carries
from twin.atlas.plant import Plant
from twin.atlas.portfolio import Facility, InPlant, Portfolio, PortfolioError, Transfer
from twin.atlas.portfolio_file import json_schema, parse_portfolio, read_plant_ids
from twin.atlas.portfolio_rollups import Contracted, contracted, count, utility_loads
from twin.atlas.quantities import Quantity
from twin.atlas.traversal import downstream, shortest_path, tear_streams, upstream
from twin.plants import portfolio_names, portfolio_text, text


@pytest.fixture(scope="module")
def plants() -> dict[str, Plant]:
    return {name: parse(text(name)) for name in ("williams-otto", "tennessee-eastman")}


@pytest.fixture(scope="module")
def demo(plants: dict[str, Plant]) -> Portfolio:
    return parse_portfolio(portfolio_text("demo"), plants)


@pytest.fixture
def tree() -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(portfolio_text("demo"))
    return found


def faults(tree: dict[str, Any], plants: dict[str, Plant]) -> dict[str, str]:
    stream = StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.representer.ignore_aliases = lambda _: True
    writer.dump(tree, stream)
    try:
        parse_portfolio(stream.getvalue(), plants)
    except DefinitionError as error:
        return {fault.path: f"{fault.message}; {fault.remedy}" for fault in error.faults if fault.line > 0}
    return {}


def test_the_demo_ships_with_its_two_plants(demo: Portfolio) -> None:
    assert portfolio_names() == ("demo",)
    assert read_plant_ids(portfolio_text("demo")) == ("tennessee-eastman", "williams-otto")
    assert demo.facility_of("williams-otto").name == "Rhine works"
    assert {transfer.name for transfer in demo.transfers} == {"T-1"}


def test_it_is_walked_as_a_plant_is(demo: Portfolio) -> None:
    assert downstream(demo, "STEAM") == ("tennessee-eastman", "williams-otto", "Example Energy", "Example Resins")
    assert set(upstream(demo, "Example Resins")) >= {"williams-otto", "tennessee-eastman", "Example Gases", "WATER"}
    assert downstream(demo, "Example Power") == ()
    energy: Final[tuple[Carries, ...]] = ("energy",)
    assert downstream(demo, "Example Power", energy) == ("POWER", "tennessee-eastman", "williams-otto")
    way = shortest_path(demo, "Boiler house", "Example Energy")
    assert way is not None
    assert way.streams == ("STEAM supply 1", "STEAM use 1", "S-2602")
    assert tear_streams(demo) == ()


def test_what_plants_hand_to_one_another_in_turn_is_a_recycle(demo: Portfolio) -> None:
    back = Transfer(
        name="T-2", source=InPlant("williams-otto", "RETURN"), target=InPlant("tennessee-eastman", "WATER-R"),
        commodity="Water", quantity=Quantity(1.0, "t/h"),
    )  # fmt: skip
    fields = {name: getattr(demo, name) for name in demo.__dataclass_fields__}
    assert len(tear_streams(Portfolio.of(**fields | {"transfers": (*demo.transfers, back)}))) == 1


def test_sums_count_what_there_is(demo: Portfolio, plants: dict[str, Plant]) -> None:
    site, whole = count(demo)
    assert (site.facility, whole.facility) == ("RHINE", "")
    assert whole.tags == sum(len(plant.tags) for plant in plants.values())
    assert (site.equipment, site.plants) == (whole.equipment, 2)


def test_contracts_are_summed_by_commodity_while_they_hold(demo: Portfolio) -> None:
    now = {one.commodity: one for one in contracted(demo, date(2026, 6, 1))}
    assert now["Product P"] == Contracted("Product P", None, Quantity.parse("20000 t/year"))
    assert now["Electric power"].bought == Quantity.parse("4200 MWh/year")
    assert set(now) == {"Product P", "Purge gas", "Feed A", "Electric power"}
    assert [one.commodity for one in contracted(demo, date(2025, 12, 31))] == ["Feed A"]
    assert [one.commodity for one in contracted(demo, date(2029, 1, 1))] == ["Purge gas"], "the last day is not in it"


def test_utilities_tell_their_load_against_their_capacity(demo: Portfolio) -> None:
    loads = {one.utility: one for one in utility_loads(demo)}
    assert loads["STEAM"].load == Quantity.parse("1.43 t/h")
    assert loads["POWER"].load.is_close(Quantity.parse("385 kW"))
    assert str(loads["POWER"].load) == "0.385 MW"
    assert loads["WATER"].share == pytest.approx(171.8 / 200)


def test_an_unbroken_portfolio_has_no_faults_and_is_equal_to_itself(
    demo: Portfolio, tree: dict[str, Any], plants: dict[str, Plant]
) -> None:
    assert faults(tree, plants) == {}
    assert parse_portfolio(portfolio_text("demo"), plants) == demo
    tree["transfers"][0]["quantity"] = "20 m3/h"
    other = Portfolio.of(**{name: getattr(demo, name) for name in demo.__dataclass_fields__} | {"name": "Other"})
    assert compare(demo, other).lines() == ["~ plant name: Example Chemicals -> Other"]


def test_every_fault_is_told_at_once(tree: dict[str, Any], plants: dict[str, Plant]) -> None:
    tree["facilities"].append({"id": "T-1", "plants": ["williams-otto", "willams-otto"]})
    transfer = tree["transfers"][0]
    transfer |= {"from": "tennessee-eastman/PRODUKT", "to": "williams-otto/PRODUCT", "quantity": "22.9 t", "tag": None}
    steam, water, power = tree["utilities"]
    steam["providers"] = []
    water["consumers"][2] |= {"load": "29 kW", "tag": "williams-otto/TIC-101.PV"}
    power["providers"][0] |= {"name": "", "capacity": "-1 MW"}
    power["consumers"][0]["at"] = "elsewhere/K-204"
    sale, gas, feed, grid = tree["contracts"]
    sale |= {"points": ["williams-otto/FEED-A"], "until": "2020-01-01", "price": "1143.38 USD/MWh"}
    gas |= {"quantity": "340 furlong/h", "with": "STEAM"}
    feed |= {"points": [], "price": "76 kg"}
    grid["points"] = ["POWR"]
    found = faults(tree, plants)
    assert found["facilities[1].plants[0]"] == "plant 'williams-otto' already stands at RHINE; list it once"
    assert found["facilities[1].plants[1]"] == "no plant 'willams-otto'; did you mean 'williams-otto'?"
    assert found["transfers[0].name"].startswith("'T-1' is already the name of one of the facilities")
    assert found["transfers[0].from"].endswith("has no equipment 'PRODUKT'; did you mean 'PRODUCT'?")
    assert found["transfers[0].to"].startswith("williams-otto/PRODUCT is a product, where nothing enters the plant")
    assert "not what flows in a time" in found["transfers[0].quantity"]
    assert found["utilities[0].providers"] == "nobody provides STEAM; list at least one provider"
    assert "is power, but 200 t/h is mass flow" in found["utilities[1].consumers[2].load"]
    assert "doesn't measure what is planned" in found["utilities[1].consumers[2].tag"]
    assert found["utilities[2].providers[0]"].endswith("write either 'at:' or 'name:'")
    assert found["utilities[2].providers[0].capacity"] == "'-1 MW' is not above zero; write how much it is"
    assert "names no plant of the portfolio" in found["utilities[2].consumers[0].at"]
    assert "nothing leaves the plant" in found["contracts[0].points[0]"]
    assert "before it begins" in found["contracts[0].until"]
    assert "no price of what is counted in t/year" in found["contracts[0].price"]
    assert "furlong" in found["contracts[1].quantity"]
    assert found["contracts[1].with"].startswith("'STEAM' is the name of one of the utilities")
    assert "handed over nowhere" in found["contracts[2].points"]
    assert "no price" in found["contracts[2].price"]
    assert found["contracts[3].points[0]"] == "no utility 'POWR'; did you mean 'POWER'?"
    assert len(found) == 20


def test_keys_that_nobody_knows_and_forms_that_do_not_fit_are_told(
    tree: dict[str, Any], plants: dict[str, Plant]
) -> None:
    tree["utilities"][0]["providers"][0]["capasity"] = "1 t/h"
    del tree["contracts"][0]["quantity"]
    tree["facilities"][0]["plants"] = "williams-otto"
    found = faults(tree, plants)
    assert found["utilities[0].providers[0].capasity"] == "unknown key 'capasity'; did you mean 'capacity'?"
    assert found["contracts[0].quantity"] == "'quantity' is missing; add 'quantity:'"
    assert "facilities[0].plants" in found


def test_a_portfolio_made_in_python_is_checked_as_a_file_is(plants: dict[str, Plant]) -> None:
    with pytest.raises(PortfolioError, match=r"portfolio p has 1 fault: facilities\[0\]\.plants\[0\]: no plant 'x'"):
        Portfolio.of(
            id="p", name="P", description="", facilities=(Facility(id="F", name="F", plants=("x",)),), plants={}
        )


def test_the_form_is_published_with_a_word_on_every_key() -> None:
    schema = json_schema()
    assert set(schema["$defs"]) >= {"FacilityEntry", "TransferEntry", "UtilityEntry", "ContractEntry"}
    for form in (schema, *schema["$defs"].values()):
        assert all("description" in one for one in form["properties"].values())
