"""A plant's money: flows priced by the book in force, with units, for numbers and whole trajectories."""

import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from twin.atlas.definition import DefinitionError, parse
from twin.atlas.economics import Economics, EconomicsError
from twin.atlas.economics_file import EconomicsEntry, read_economics
from twin.atlas.plant_writing import write_plant
from twin.atlas.prices import Price, PriceBook, PriceError
from twin.atlas.yaml_writing import write_sections
from twin.matrix.williams_otto.steady_state import Demand, fractions
from twin.plants import text

NOW = datetime(2026, 6, 1, tzinfo=UTC)
UNITS = {"FI-1.PV": "kg/s", "AI-1.PV": "percent", "JI-1.PV": "kW", "TI-1.PV": "degC"}
BOOK = PriceBook(
    [
        Price.of("P", "1143.38 USD/kg"),
        Price.of("A", "76.23 USD/kg"),
        Price.of("electricity", "0.05 USD/kWh", until=NOW + timedelta(days=1)),
    ]
)
LINES: list[dict[str, Any]] = [
    {"item": "P", "kind": "product", "flow": "[FI-1.PV] * [AI-1.PV] / 100", "unit": "kg/s"},
    {"item": "A", "name": "Feed A", "kind": "feed", "flow": "[FI-1.PV]", "unit": "kg/s"},
    {"item": "electricity", "kind": "utility", "flow": "[JI-1.PV]", "unit": "kW"},
]


def economics(lines: list[dict[str, Any]] = LINES) -> Economics:
    read, findings = read_economics(EconomicsEntry(currency="USD", lines=tuple(lines)), UNITS, BOOK)
    assert read is not None, findings
    return read


def faults(*lines: dict[str, Any], currency: str = "USD", prices: PriceBook = BOOK) -> list[str]:
    read, findings = read_economics(EconomicsEntry(currency=currency, lines=lines), UNITS, prices)
    assert read is None
    return [str(finding.fault()) for finding in findings]


def test_products_bring_and_feeds_and_utilities_cost() -> None:
    rate = economics().rate({"FI-1.PV": 2.0, "AI-1.PV": 10.0, "JI-1.PV": 300.0}, {}, BOOK, NOW)

    assert rate.unit == "USD/h"
    assert rate.lines["P"] == pytest.approx(2.0 * 0.1 * 1143.38 * 3600)
    assert rate.lines["Feed A"] == pytest.approx(-2.0 * 76.23 * 3600)
    assert rate.lines["electricity"] == pytest.approx(-300.0 * 0.05)
    assert rate.total == pytest.approx(sum(float(line) for line in rate.lines.values()))


def test_values_in_other_units_earn_the_same() -> None:
    plain = economics().rate({"FI-1.PV": 2.0, "AI-1.PV": 10.0, "JI-1.PV": 300.0}, {}, BOOK, NOW)

    other = economics().rate(
        {"FI-1.PV": 7.2, "AI-1.PV": 10.0, "JI-1.PV": 0.3}, {"FI-1.PV": "t/h", "JI-1.PV": "MW"}, BOOK, NOW
    )

    assert other.total == pytest.approx(plain.total)


def test_ensembles_over_time_are_reckoned_at_once() -> None:
    flow = np.array([[1.0, 2.0, 3.0], [2.0, 2.0, 2.0]])
    rate = economics().rate({"FI-1.PV": flow, "AI-1.PV": 10.0, "JI-1.PV": 0.0}, {}, BOOK, NOW)

    earned = rate.earned([0.0, 1800.0, 3600.0])

    assert rate.total.shape == rate.lines["electricity"].shape == (2, 3)
    assert earned.unit == "USD"
    np.testing.assert_allclose(earned.total, 2.0 * 3600 * (114.338 - 76.23) * np.ones(2))
    np.testing.assert_allclose(earned.lines["Feed A"], -2.0 * 3600 * 76.23 * np.ones(2))


def test_a_value_that_is_missing_after_a_trip_stays_missing() -> None:
    rate = economics().rate({"FI-1.PV": [1.0, np.nan], "AI-1.PV": [10.0, 10.0], "JI-1.PV": 1.0}, {}, BOOK, NOW)

    np.testing.assert_array_equal(np.isnan(rate.total), [False, True])


def test_it_goes_into_other_processes() -> None:
    again = pickle.loads(pickle.dumps(economics()))  # noqa: S301  our own bytes

    assert again.inputs == ("FI-1.PV", "AI-1.PV", "JI-1.PV")
    values = {"FI-1.PV": 2.0, "AI-1.PV": 10.0, "JI-1.PV": 300.0}
    assert again.rate(values, {}, BOOK, NOW).total == economics().rate(values, {}, BOOK, NOW).total


def test_a_missing_value_and_a_unit_of_another_kind_are_named() -> None:
    with pytest.raises(EconomicsError, match=r"needs AI-1\.PV"):
        economics().rate({"FI-1.PV": 2.0}, {}, BOOK, NOW)
    with pytest.raises(EconomicsError, match="comes in 'degC'"):
        economics().rate({"FI-1.PV": 2.0, "AI-1.PV": 1.0, "JI-1.PV": 1.0}, {"FI-1.PV": "degC"}, BOOK, NOW)


def test_a_price_that_no_longer_holds_is_named() -> None:
    with pytest.raises(PriceError, match="no price of 'electricity'"):
        economics().rate({"FI-1.PV": 2.0, "AI-1.PV": 1.0, "JI-1.PV": 1.0}, {}, BOOK, NOW + timedelta(days=2))


def test_all_faults_come_at_once_with_their_place() -> None:
    found = faults(
        {"item": "P", "kind": "product", "flow": "[FI-1.PV] * [AI-9.PV]", "unit": "kg/zz"},
        {"item": "Q", "kind": "product", "flow": "[FI-1.PV]", "unit": "kg/s"},
        {"item": "A", "kind": "feed", "flow": "[FI-1.PV]", "unit": "kW"},
    )

    places = [fault.partition(":")[0] for fault in found]
    assert places == ["lines[0].flow", "lines[0].unit", "lines[1].item", "lines[2].unit"]
    assert "did you mean 'AI-1.PV'?" in found[0]


def test_two_lines_of_one_name_are_told_apart_by_the_reader() -> None:
    line = {"item": "A", "kind": "feed", "flow": "[FI-1.PV]", "unit": "kg/s"}

    assert faults(line, line) == ["lines[1].name: a second line is called 'A'; give it a name of its own"]


def test_prices_in_another_currency_are_refused_and_no_prices_yet_are_not() -> None:
    line = {"item": "A", "kind": "feed", "flow": "[FI-1.PV]", "unit": "kg/s"}

    assert "makes no EUR per hour" in faults(line, currency="EUR")[0]
    read, found = read_economics(EconomicsEntry(currency="EUR", lines=(line,)), UNITS, PriceBook())
    assert read is not None
    assert not found


def test_a_currency_that_is_none_is_a_fault_of_form() -> None:
    with pytest.raises(ValueError, match="use one of USD"):
        EconomicsEntry(currency="XXX", lines=tuple(LINES))


def plant_file(model: str) -> str:
    return f"""
atlas: 2
plant: one-feed
name: One feed
sources: [{{name: opcua, endpoint: "opc.tcp://127.0.0.1:4840"}}]
prices: [{{item: A, price: 2 USD/kg}}]
tags:
  - {{name: FI-1.PV, description: Feed, unit: kg/s, range: [0, 5], address: "ns=2;s=FI-1.PV"}}
  - {{name: FY-1.PV, description: Double feed, unit: kg/s, range: [0, 9], kind: derived, expression: "2 * [FI-1.PV]"}}
  - {{name: FIC-1.SP, description: Feed, unit: kg/s, range: [0, 5], kind: setpoint, address: "ns=2;s=FIC-1.SP"}}
model:
  process_model: one-feed
  economics: {{lines: [{{item: A, kind: feed, flow: "{model}", unit: kg/s}}]}}
  optimise: {{adjustable: [{{tag: FIC-1.SP, low: 1, high: 4}}]}}
"""


def test_a_plant_knows_its_economics_and_what_may_be_adjusted() -> None:
    plant = parse(plant_file("[FI-1.PV]"))

    assert plant.economics is not None
    assert plant.economics.rate({"FI-1.PV": 1.0}, {}, plant.prices, NOW).total == -7200.0
    assert plant.optimisation is not None
    assert plant.optimisation.adjustable[0].high == 4.0
    assert parse(write_sections(write_plant(plant))).model == plant.model


def test_a_plant_file_names_the_line_of_each_fault() -> None:
    with pytest.raises(DefinitionError) as raised:
        parse(plant_file("[FY-1.PV]"))

    (fault,) = raised.value.faults
    assert fault.path == "model.economics.lines[0].flow"
    assert fault.line == 13


@pytest.mark.parametrize("name", ["williams-otto", "tennessee-eastman"])
def test_the_plants_that_ship_tell_their_economics(name: str) -> None:
    plant = parse(text(name))

    assert plant.economics is not None
    assert plant.optimisation is not None


def test_the_reactors_profit_is_the_classical_one() -> None:
    plant = parse(text("williams-otto"))
    assert plant.economics is not None
    demand = Demand(feed_b=4.787470, temperature_c=89.70282)
    shares = fractions(demand)
    values = {f"AI-101{name}.PV": 100.0 * share for name, share in zip("ABCEGP", shares, strict=True)}
    values |= {"FIC-101.PV": demand.feed_a, "FIC-102.PV": demand.feed_b}

    rate = plant.economics.rate(values, {}, plant.prices, NOW)

    assert rate.total / 3600 == pytest.approx(190.990602, abs=1e-5)
