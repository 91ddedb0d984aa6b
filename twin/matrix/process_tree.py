"""Ending a process with all that it started."""

from contextlib import suppress

import psutil


def kill_tree(pid: int) -> None:
    """Kill a process and what it started, however deep; one that is gone already is no fault."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for each in (*process.children(recursive=True), process):
            with suppress(psutil.NoSuchProcess):
                each.kill()
