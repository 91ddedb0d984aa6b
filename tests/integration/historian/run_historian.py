"""A historian in a process of its own, to be killed: `python run_historian.py KAFKA DSN`."""

import asyncio
import sys

from stream.health import Health
from stream.historian.consume import LaneLimits
from stream.historian.process import HistorianConfig, run_historian
from stream.kafka import KafkaConfig
from stream.store.database import DatabaseConfig


async def main() -> None:
    # Small chunks and no waiting make many transactions, so that a kill meets one nearly always.
    config = HistorianConfig(
        KafkaConfig(sys.argv[1]), DatabaseConfig(sys.argv[2]), limits=LaneLimits(max_rows=150, linger_s=0.0)
    )
    await run_historian(config, Health("historian"), asyncio.Event())


asyncio.run(main())
