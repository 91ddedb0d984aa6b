"""`atlas bench atlas`: its plants are whole, its peer does the same job, its figures bear their names."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from api.bench.atlas import AtlasResult, as_table, run_atlas
from api.cli.bench import bench
from stream.bench.atlas_figures import _rows, _scan, reached
from stream.bench.flowsheets import plant_text
from stream.bench.object_twin import ObjectTwin
from stream.scan.plant_twin import PlantTwin
from twin.atlas.definition import parse
from twin.atlas.plant import Plant
from twin.atlas.tags import TagTable
from twin.atlas.traversal import recycles


@pytest.fixture(scope="module")
def plant() -> Plant:
    return parse(plant_text(200))


@pytest.fixture(scope="module")
def table(plant: Plant) -> TagTable:
    return plant.tag_table(1, 1, {(tag.name, tag.unit): number for number, tag in enumerate(plant.tags)})


@pytest.fixture(scope="module")
def result() -> AtlasResult:
    return run_atlas([200, 100], lambda _: None)


def test_a_generated_plant_is_whole_with_areas_and_recycles(plant: Plant) -> None:
    assert (len(plant.equipment), len(plant.tags), len(plant.areas)) == (200, 2000, 2)
    assert sum(tag.kind == "derived" for tag in plant.tags) == 20
    assert len(recycles(plant)) == 2
    assert plant.loops


def test_the_walk_that_is_measured_goes_through_nearly_all_of_the_plant(plant: Plant) -> None:
    signals_only = 2 * 8 * 3
    assert reached(plant) >= 200 - signals_only - 4


def test_the_peer_keeps_the_same_values_and_limits_as_the_twin(table: TagTable) -> None:
    twin = PlantTwin.new(table, "log", lambda name, offset: table)
    peer = ObjectTwin(table)
    for number in range(4):
        log_time = 0
        for batch in _scan(table, number):
            log_time = max(log_time, int(batch.arrays()[1][0]))
            twin.apply(batch, twin.offset + 1, log_time)
            peer.apply(_rows(batch), log_time)
    measured = [position for position, tag in enumerate(table.tags) if tag.kind != "derived"]
    live = [peer.live[int(table.tag_ids[position])] for position in measured]
    assert twin.live.values[measured].tolist() == [one.value for one in live]
    assert twin.live.limits[measured].tolist() == [one.limit for one in live]
    assert np.count_nonzero(twin.live.limits) > 100


def test_json_holds_the_figures_that_were_promised_of_the_largest_plant_and_of_each(result: AtlasResult) -> None:
    told = json.loads(json.dumps(result.as_dict()))
    promised = {"load_s", "traverse_ms", "apply_us_per_1000_tags", "fork_us_per_1000_tags"}
    assert [one["equipment"] for one in told["growth"]] == [100, 200]
    for one in (told, *told["growth"]):
        assert promised <= set(one)
        assert all(one[name] > 0 for name in promised)
    assert told["equipment"] == 200
    assert set(told["peers"]) == {"ruamel", "networkx", "objects", "memory"}
    assert as_table(result).row_count == 12


@pytest.mark.parametrize("sizes", ["", "150", "x", "100,", "0", "100000"])
def test_sizes_that_no_plant_can_have_are_refused(sizes: str) -> None:
    done = CliRunner().invoke(bench, ["atlas", "--growth", sizes])
    assert done.exit_code == 2
    assert "multiples of 100" in done.output
