"""From the section `estimate` of a plant file to a plan: units, all faults at once; and a plant beside its model."""

from dataclasses import replace

import pytest

from twin.atlas.definition import parse
from twin.atlas.model_file import EstimateEntry
from twin.atlas.plant import Plant
from twin.estimation.plan_reader import read_plan
from twin.estimation.plant_check import find_estimate_faults
from twin.matrix.registry import find_model
from twin.plants import text


def entry(**changes: object) -> EstimateEntry:
    section = {
        "unknowns": [{"name": "activity", "spread": 0.03, "walk": "0.02"}],
        "instruments": [{"tag": "TIC-101.PV", "noise": "0.18 delta_degF"}],
    }
    return EstimateEntry.model_validate(section | changes)


def faults(given: EstimateEntry) -> dict[str, str]:
    plan, found = read_plan(given, find_model("williams-otto").declaration)
    assert plan is None
    return {str(each.fault()).partition(":")[0]: f"{each.message}; {each.remedy}" for each in found}


def test_numbers_are_turned_into_the_units_of_the_model() -> None:
    given = entry(
        unknowns=[
            {"name": "heat_transfer", "spread": "1200 W/K"}, {"name": "feed_temperature", "walk": "1.8 delta_degF"},
        ],
        instruments=[
            {"tag": "TIC-101.PV", "noise": "0.18 delta_degF"}, {"tag": "AI-101P.PV", "noise": 0.08, "delay": "2.5 min"},
        ],
        members=20,
        gate=4.0,
    )  # fmt: skip
    plan, found = read_plan(given, find_model("williams-otto").declaration)
    assert found == []
    assert plan is not None
    assert [(row.spread, row.walk) for row in plan.unknowns] == [
        pytest.approx((1.2, 0.0)), pytest.approx((0.0, 1.0)),
    ]  # fmt: skip
    assert [(row.noise, row.delay_s) for row in plan.instruments] == [pytest.approx((0.1, 0)), (0.08, 150)]
    assert (plan.members, plan.gate) == (20, 4.0)


def test_every_fault_is_told_with_its_place() -> None:
    told = faults(
        entry(
            unknowns=[{"name": "activty", "spread": "1"}, {"name": "heat_transfer", "spread": "1 kg"}],
            instruments=[{"tag": "TIC-101.SV", "noise": "1"}, {"tag": "TIC-102.PV", "noise": "much"}],
        )
    )
    assert set(told) == {"unknowns[0].name", "unknowns[1].spread", "instruments[0].tag", "instruments[1].noise"}
    assert "did you mean 'activity'" in told["unknowns[0].name"]
    assert "kg" in told["unknowns[1].spread"]


def test_a_plan_that_makes_no_sense_is_refused_with_the_plans_own_words() -> None:
    assert "leave nothing to look for" in str(faults(entry(unknowns=[{"name": "activity", "spread": "0"}])))


@pytest.fixture
def reactor() -> Plant:
    return parse(text("williams-otto"))


def told_of(plant: Plant) -> list[str]:
    findings, unchecked = find_estimate_faults(plant)
    assert unchecked == ""
    return [str(finding.fault()) for finding in findings]


def test_the_plants_that_ship_fit_their_models(reactor: Plant) -> None:
    assert told_of(reactor) == []
    assert told_of(parse(text("benzene-toluene"))) == []


def test_a_tag_that_is_no_quantity_of_the_model_or_of_another_kind_is_found(reactor: Plant) -> None:
    tags = tuple(replace(tag, estimate="activty") if tag.estimate == "activity" else tag for tag in reactor.tags)
    tags = tuple(replace(tag, unit="kPa") if tag.name == "TI-104.PV" else tag for tag in tags)
    told = told_of(replace(reactor, tags=tags))
    assert len(told) == 2
    assert any("did you mean 'activity'" in fault for fault in told)
    assert any("TI-104.PV is in 'kPa'" in fault for fault in told)


def test_a_model_that_nobody_knows_is_a_fault_and_one_in_a_file_is_left_to_the_service(reactor: Plant) -> None:
    assert reactor.model is not None
    unknown = replace(reactor, model=reactor.model.model_copy(update={"process_model": "williams-oto"}))
    assert "did you mean 'williams-otto'" in told_of(unknown)[0]
    filed = replace(reactor, model=reactor.model.model_copy(update={"process_model": "unit-7/column.yaml"}))
    findings, unchecked = find_estimate_faults(filed)
    assert findings == []
    assert "unit-7/column.yaml" in unchecked
