"""All that must hold of a running system, whatever was done to it."""

import asyncio
import signal

from tests.chaos.live_system import LiveSystem
from tests.chaos.table_check import check_screen, check_table
from tests.chaos.twin_check import check_log_and_twins, check_snapshots


def check(system: LiveSystem) -> int:
    """Table, screen, order and twins; returns how many readings were compared."""
    system.wait_healthy()
    readings = check_table(system)
    check_screen(system)
    check_twins(system)
    return readings


def check_twins(system: LiveSystem) -> None:
    """What was read in order is what was sent, and all that the worker said of it is what a replay says."""
    asyncio.run(check_log_and_twins(system))


def check_carried_state(system: LiveSystem) -> None:
    """The whole state that a worker carries, which it saves when it is told to stop, equals a replay's."""
    before = system.kill("worker", signal.SIGTERM)
    system.wait_until("the worker stopped", lambda: system.process("worker").pid != before)
    asyncio.run(check_snapshots(system))
    system.wait_up("worker", before)
