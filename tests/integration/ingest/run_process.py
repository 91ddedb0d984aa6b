"""Worker or historian as a process of its own: `python run_process.py worker|historian KAFKA DSN PATIENCE_S`."""

import asyncio
import functools
import signal
import sys

import stream.worker
from stream.health import Health
from stream.historian.consume import LaneLimits
from stream.historian.process import HistorianConfig, run_historian
from stream.kafka import KafkaConfig
from stream.store.database import DatabaseConfig, open_pool
from stream.store.worker_store import SqlWorkerStore
from stream.tag_tables import TagTables
from stream.worker import WorkerConfig, run_worker


async def work(kafka: str, dsn: str, patience_s: float, stop: asyncio.Event) -> None:
    stream.worker.TagTables = functools.partial(TagTables, patience_s=patience_s)  # type: ignore[assignment,misc]
    pool = await open_pool(DatabaseConfig(dsn))
    async with pool:
        config = WorkerConfig(KafkaConfig(kafka), snapshot_every_s=1.0, session_timeout_s=6.0)
        await run_worker(config, SqlWorkerStore(pool), Health("work"), stop)


async def store(kafka: str, dsn: str, patience_s: float, stop: asyncio.Event) -> None:
    config = HistorianConfig(
        KafkaConfig(kafka), DatabaseConfig(dsn), patience_s=patience_s, limits=LaneLimits(linger_s=0.02)
    )
    await run_historian(config, Health("store"), stop)


async def main(name: str, kafka: str, dsn: str, patience_s: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await {"worker": work, "historian": store}[name](kafka, dsn, float(patience_s), stop)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
