"""The yardstick's rows: sorted, none twice, as COPY wants them, and moving on in time."""

from stream.bench.plants import BenchPlant, definition
from stream.bench.raw_copy import ROWS, TAG_OFFSET, RawCopy, chunks
from stream.bench.values import SECOND_US
from stream.store.binary_copy import PG_EPOCH_US
from twin.atlas.definition import parse

START_US = 1_795_478_400_000_000


def _plant(number: int, tags: int = 40) -> BenchPlant:
    plant = parse(definition(f"bench-{number}", tags))
    tag_ids = {(tag.name, tag.unit): number * tags + n + 1 for n, tag in enumerate(plant.tags)}
    return BenchPlant(plant.id, number, plant.tag_table(number, 1, tag_ids))


def _keys(chunk) -> list[tuple[int, int]]:
    return list(zip(chunk["tag_id"].tolist(), chunk["ts"].tolist(), strict=True))


def test_a_chunk_is_sorted_whole_scans_of_one_plant():
    keys = _keys(next(chunks([_plant(3)], START_US)))
    assert keys == sorted(set(keys))
    assert len(keys) == ROWS
    assert keys[0] == (3 * 40 + 1 + TAG_OFFSET, START_US - PG_EPOCH_US)
    assert keys[1] == (3 * 40 + 1 + TAG_OFFSET, START_US - PG_EPOCH_US + SECOND_US)


def test_chunks_go_from_plant_to_plant_and_then_on_in_time():
    given = chunks([_plant(0), _plant(1)], START_US)
    first, second, third = (_keys(next(given)) for _ in range(3))
    assert len(set(first) | set(second) | set(third)) == 3 * ROWS
    assert {tag for tag, _ in first} == {tag for tag, _ in third}
    assert third[0][1] == first[ROWS // 40 - 1][1] + SECOND_US


def test_each_connection_has_its_own_plants():
    assert len(RawCopy("", [_plant(0)], START_US)._shares) == 1
    shares = RawCopy("", [_plant(0), _plant(1), _plant(2)], START_US)._shares
    first, second = (set(next(share)["tag_id"].tolist()) for share in shares)
    assert not first & second
