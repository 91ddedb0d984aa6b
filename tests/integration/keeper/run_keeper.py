"""A keeper as a process of its own, to be killed: `python run_keeper.py KAFKA DSN [POINT N]`.

POINT is a function of the relay, upon whose Nth call the process kills itself (-9): `control_record` lies between
commit and send, `event_partition` between the control record and the event, `mark_sent` between send and mark.
"""

import asyncio
import os
import signal
import sys
from typing import Any

from stream.health import Health
from stream.kafka import KafkaConfig
from stream.keeper import KeeperConfig, relay, run_keeper
from stream.store.database import DatabaseConfig


def die_at(point: str, nth: int) -> None:
    real, calls = getattr(relay, point), 0

    def die(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments)

    setattr(relay, point, die)


if __name__ == "__main__":
    if len(sys.argv) > 3:
        die_at(sys.argv[3], int(sys.argv[4]))
    config = KeeperConfig(KafkaConfig(sys.argv[1]), DatabaseConfig(sys.argv[2]), relay_every_s=0.05)
    asyncio.run(run_keeper(config, Health("keeper"), asyncio.Event()))
