"""A worker as a process of its own, to be killed: `python run_worker.py KAFKA DSN SNAPSHOT_EVERY_S`."""

import asyncio
import signal
import sys

from stream.health import Health
from stream.kafka import KafkaConfig
from stream.store.database import DatabaseConfig, open_pool
from stream.store.worker_store import SqlWorkerStore
from stream.worker import WorkerConfig, run_worker


async def main(kafka: str, dsn: str, snapshot_every_s: float) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    pool = await open_pool(DatabaseConfig(dsn))
    try:
        config = WorkerConfig(KafkaConfig(kafka), snapshot_every_s=snapshot_every_s, session_timeout_s=6.0)
        await run_worker(config, SqlWorkerStore(pool), Health("work"), stop)
    finally:
        await pool.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
