"""Whose silence it is: a runner takes others' jobs over only when the database has answered it for long enough."""

from __future__ import annotations

from typing import Any

import pytest

from stream.jobs import runner as of_runner
from stream.jobs.runner import Runner


async def test_after_an_outage_of_the_database_nobody_is_called_silent_too_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nothing: Any = None
    runner = Runner(1, nothing, nothing, nothing, lambda: False, silent_s=10.0)
    second = 0

    def looks(until: int) -> set[bool]:
        """What it may do at each second up to this one."""
        nonlocal second
        found = set()
        while second < until:
            found.add(runner._may_judge())
            second += 1
        return found

    monkeypatch.setattr(of_runner.time, "monotonic", lambda: 100.0 + second)
    assert looks(until=10) == {False}
    assert looks(until=50) == {True}
    second += 20  # The database is away.
    assert looks(until=80) == {False}
    assert looks(until=100) == {True}
