"""A system on the embedded servers, which its own supervisor starts again; the broker forgets everything."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.chaos.checks import check, check_carried_state
from tests.chaos.live_system import LiveSystem

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def system(start_system: Callable[..., Iterator[Any]]) -> Iterator[LiveSystem]:
    yield from start_system("embedded")


def test_each_process_killed_in_turn(system: LiveSystem) -> None:
    killed = {}
    for name in ("connector", "worker", "historian", "keeper", "runner", "api"):
        killed[name] = system.kill(name)
        time.sleep(1)
    for name, pid in killed.items():
        system.wait_up(name, pid)
    check(system)


def test_log_may_vanish_each_server_killed(system: LiveSystem) -> None:
    killed = {name: system.kill(name) for name in ("kafka", "database")}
    for name, pid in killed.items():
        system.wait_up(name, pid)
    check(system)
    check_carried_state(system)
