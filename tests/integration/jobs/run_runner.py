"""A runner as a process of its own, to be killed: `python run_runner.py DSN [POINT N]`.

POINT is a function of the rows of jobs, upon whose Nth call the process kills itself (-9), before it changes anything:
`finish_job` lies between the answer and its writing.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "unit" / "jobs"))

import boiling

from stream.health import Health
from stream.jobs.process import RunnerConfig, run_runner
from stream.jobs.step_child import ChildSettings
from stream.kafka import KafkaConfig
from stream.store import job_rows
from stream.store.database import DatabaseConfig


def die_at(point: str, nth: int) -> None:
    real, calls = getattr(job_rows, point), 0

    async def die(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return await real(*arguments)

    setattr(job_rows, point, die)


def config(dsn: str, **options: Any) -> RunnerConfig:
    return RunnerConfig(
        KafkaConfig("127.0.0.1:1"),
        DatabaseConfig(dsn, connect_timeout_s=2),
        child=ChildSettings(ahead=False),
        kinds=boiling.KINDS,
        silent_s=3.0,
        **options,
    )


async def main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await run_runner(config(sys.argv[1]), Health("runner"), stop)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        die_at(sys.argv[2], int(sys.argv[3]))
    asyncio.run(main())
