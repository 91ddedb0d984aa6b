"""The yardstick's rows: sorted, none twice, as COPY wants them, and moving on in time."""

import numpy as np

from stream.bench.plants import BenchPlant, definition
from stream.bench.raw_copy import ROWS, TAG_OFFSET, RawCopy
from stream.bench.values import SECOND_US
from stream.store.binary_copy import PG_EPOCH_US
from twin.atlas.definition import parse

START_US = 1_795_478_400_000_000


def _plant(number: int, tags: int = 40) -> BenchPlant:
    plant = parse(definition(f"bench-{number}", tags))
    tag_ids = {(tag.name, tag.unit): number * tags + n + 1 for n, tag in enumerate(plant.tags)}
    return BenchPlant(plant.id, number, plant.tag_table(number, 1, tag_ids))


def test_each_connection_has_its_own_plants_and_whole_scans():
    raw = RawCopy("", [_plant(0), _plant(1), _plant(2)], START_US)
    tags = [set(np.unique(chunk["tag_id"]).tolist()) for chunk in raw._chunks]
    assert not tags[0] & tags[1]
    assert [len(one) for one in tags] == [80, 40]
    assert all(ROWS - 80 < len(chunk) <= ROWS for chunk in raw._chunks)


def test_rows_are_sorted_by_tag_and_time_and_none_is_twice():
    (chunk,) = RawCopy("", [_plant(3)], START_US)._chunks
    keys = list(zip(chunk["tag_id"].tolist(), chunk["ts"].tolist(), strict=True))
    assert keys == sorted(set(keys))
    assert chunk["tag_id"][0] == 3 * 40 + 1 + TAG_OFFSET
    assert chunk["ts"][0] == START_US - PG_EPOCH_US
    assert np.all(np.diff(chunk["ts"][: ROWS // 40]) == SECOND_US)


def test_one_plant_uses_one_connection():
    assert len(RawCopy("", [_plant(0)], START_US)._chunks) == 1
