"""What a question begins from: a twin with or without an estimate, as its plant file says."""

from dataclasses import replace

import numpy as np
import pytest

from stream.jobs.answer.situate import situate
from stream.jobs.plant_model import NoModelError, plant_model
from stream.scan.plant_twin import PlantTwin
from tests.unit.jobs.situations import BEGIN_US
from twin.atlas.definition import parse
from twin.atlas.plant import Plant
from twin.atlas.prices import Price, PriceBook
from twin.matrix.errors import SnapshotError
from twin.matrix.williams_otto.adapter import WilliamsOttoProcess
from twin.plants import text

PLANT = parse(text("williams-otto"))


def twin_of(plant: Plant, *, without: tuple[str, ...] = (), stale: tuple[str, ...] = ()) -> PlantTwin:
    """A twin that knows the design's values of every tag but some; nothing is estimated yet."""
    table = plant.tag_table(3, 2, {(tag.name, tag.unit): at for at, tag in enumerate(plant.tags, start=1)})
    twin = PlantTwin.new(table, "0f343b09", lambda name, offset: None)
    declared = WilliamsOttoProcess().declaration
    nominal = {variable.name: variable.nominal for variable in (*declared.inputs, *declared.outputs)}
    for position, tag in enumerate(table.tags):
        if tag.name in nominal and tag.name not in without:
            twin.live.values[position] = nominal[tag.name]
            twin.live.times[position] = BEGIN_US
            twin.live.quality[position] = 0
        twin.live.stale[position] = tag.name in stale
    twin.offset, twin.clock = 1041, BEGIN_US
    return twin


def test_without_an_estimate_the_members_lie_around_what_is_measured() -> None:
    found = situate(twin_of(PLANT), PLANT)
    assert found.estimate.verdict == "unknown"
    assert "measured" in found.estimate.text
    declared = WilliamsOttoProcess().declaration
    activity = found.ensemble.parameters[:, declared.parameter_index["activity"]]
    assert found.ensemble.members == 50
    assert activity.std() > 0.0
    assert activity.mean() == pytest.approx(1.0, abs=0.02)
    assert (found.begin_us, found.seed, found.plant.revision) == (BEGIN_US, (3, 1041), 2)


def test_the_same_position_gives_the_same_members() -> None:
    first, second = (situate(twin_of(PLANT), PLANT).ensemble for _ in range(2))
    assert np.array_equal(first.parameters, second.parameters)
    assert np.array_equal(first.states, second.states)
    later = twin_of(PLANT)
    later.offset += 1
    assert not np.array_equal(situate(later, PLANT).ensemble.parameters, first.parameters)


def test_prices_are_those_in_force_and_else_the_plant_files() -> None:
    twin = twin_of(PLANT)
    assert situate(twin, PLANT).prices == PLANT.prices
    twin.prices = PriceBook([Price.of("P", "2 USD/kg")], 2)
    assert situate(twin, PLANT).prices.version == 2


def test_what_the_plant_earns_and_may_adjust_comes_from_its_file() -> None:
    found = situate(twin_of(PLANT), PLANT)
    assert found.economics is PLANT.economics
    assert found.optimisation is PLANT.optimisation
    assert found.noise["TIC-101.PV"] > 0.0


def test_a_value_that_the_model_must_know_is_named() -> None:
    with pytest.raises(SnapshotError, match=r"FIC-101\.PV"):
        situate(twin_of(PLANT, without=("FIC-101.PV",)), PLANT)


def test_old_values_are_told_of() -> None:
    found = situate(twin_of(PLANT, stale=("AI-101A.PV", "AI-101B.PV")), PLANT)
    assert [note.text for note in found.notes] == ["Some values were old when this was asked: AI-101A.PV, AI-101B.PV."]


def test_a_plant_without_a_model_cannot_be_asked() -> None:
    plant = replace(PLANT, model=None)
    with pytest.raises(NoModelError, match="no process model"):
        situate(twin_of(PLANT), plant)
    with pytest.raises(NoModelError, match="benzene-toluene"):
        plant_model(text("benzene-toluene"))


def test_a_plant_model_is_read_once() -> None:
    definition = text("williams-otto")
    assert plant_model(definition) is plant_model(definition)
    assert plant_model(definition).key == "williams-otto"
