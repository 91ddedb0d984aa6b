"""The worker's list of plants: by the partition that orders each."""

from stream.bench.plants import number_plants, store_plants
from stream.store.database import DatabaseConfig, open_pool
from stream.store.migrations import upgrade
from stream.store.worker_store import SqlWorkerStore
from stream.topics import PARTITIONS


async def test_one_partition_orders_the_plants_whose_numbers_meet(database_dsn):
    upgrade(database_dsn)
    plants = await number_plants(database_dsn, PARTITIONS + 2, tags=2)
    await store_plants(database_dsn, plants)
    async with await open_pool(DatabaseConfig(database_dsn, pool_size=1)) as pool:
        store = SqlWorkerStore(pool)
        assert await store.plants_of(1) == ["bench-1", f"bench-{PARTITIONS + 1}"]
        assert await store.plants_of(2) == ["bench-2"]
