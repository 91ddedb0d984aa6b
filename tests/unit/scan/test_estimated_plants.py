"""The estimate of the plants that ship, fed by their simulated plants: what it finds, and its snapshots bit for bit."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from connectors.simulated.config import ScheduleConfig, SimulatedPlantConfig
from connectors.simulated.plant import SimulatedPlant
from stream.envelope import ReadingBatch, make_batch
from stream.scan import snapshot
from stream.scan.plant_twin import PlantTwin
from twin.atlas.definition import parse
from twin.atlas.tags import TagTable
from twin.plants import text

BEGIN_S = 1_790_000_100
"""A time at which the reactor's analyser takes a sample."""


def table_of(plant: str, *changes: tuple[str, str]) -> TagTable:
    file = text(plant)
    for old, new in changes:
        assert old in file
        file = file.replace(old, new)
    made = parse(file)
    return made.tag_table(1, 1, {(tag.name, tag.unit): number for number, tag in enumerate(made.tags, 1)})


def records(table: TagTable, seconds: int, folder: Path) -> Iterator[tuple[int, ReadingBatch]]:
    """What a connector would send, second by second, with its log time."""
    plant = table.plant
    calm = ScheduleConfig(on=False)
    simulated = SimulatedPlant(SimulatedPlantConfig(plant=plant, port=1, folder=folder, schedule=calm), BEGIN_S)
    numbers = np.array([table.tags[table.positions[name]].tag_id for name in simulated.names], dtype=np.int32)
    for seq in range(seconds):
        said = simulated.scan()
        batch = make_batch(
            plant=plant, source="opcua", epoch=1, seq=seq, tag_table=table.name, origin="live",
            tag_ids=numbers[said["tag"]], times=said["time_us"], values=said["value"], quality=said["status"],
        )  # fmt: skip
        yield int(said["time_us"][0]) + 300_000, batch


def new_twin(table: TagTable) -> PlantTwin:
    return PlantTwin.new(table, "log-1", lambda name, offset: table)


def test_the_reactors_filter_follows_its_plant_and_explains_it(tmp_path: Path) -> None:
    """A quarter of an hour with ageing and noise that the twin isn't told of."""
    table = table_of("williams-otto")
    twin = new_twin(table)
    for offset, (log_time, batch) in enumerate(records(table, 900, tmp_path)):
        twin.apply(batch, offset, log_time)
    told = twin.estimating.told
    assert told is not None
    assert told.explains, told.sentence
    assert not told.learning
    found = {quantity.name: quantity for quantity in (*told.unknowns, *told.outputs)}
    assert 0.95 < found["activity"].mean < 1.05
    assert 0.0 < found["activity"].spread < 0.03
    temperature = found["TIC-101.PV"]
    assert temperature.mean == pytest.approx(twin.live.values[table.position("TIC-101.PV")], abs=0.3)
    shown = twin.live.values[table.position("QY-101.PV")]
    assert shown == found["activity"].mean
    assert twin.newest_estimate().ensemble.members == 50


@pytest.mark.parametrize(
    ("plant", "fewer"),
    [("williams-otto", ("members: 50", "members: 12")), ("tennessee-eastman", ("members: 40", "members: 6"))],
)
def test_snapshot_and_replay_pure_twin_estimates_of_shipped_plants_go_on_bit_for_bit(
    plant: str, fewer: tuple[str, str], tmp_path: Path
) -> None:
    if plant == "tennessee-eastman":
        pytest.importorskip("tep_studio.simulation.native", reason="the extra 'tep' is not installed")
    table = table_of(plant, fewer)
    whole, cut = new_twin(table), new_twin(table)
    for offset, (log_time, batch) in enumerate(records(table, 65, tmp_path)):
        told = [[msgspec.msgpack.encode(each) for each in twin.apply(batch, offset, log_time)] for twin in (whole, cut)]
        assert told[0] == told[1]
        if offset in (13, 17, 24, 40, 41, 55):
            cut, afresh = snapshot.restore(snapshot.save(cut), table, "log-1", lambda name, offset: table)
            assert afresh == ()
    assert whole.estimating.estimate is not None
    assert whole.estimating.estimate.consistency.count >= 2
    assert snapshot.save(whole) == snapshot.save(cut)
