"""The supervisor with toy children: small Python programs that serve a health page, die, hang or refuse to stop."""

import asyncio
import os
import signal
import socket
import sys
import time

import psutil
import pytest

from api.supervision.backoff import Backoff
from api.supervision.child import Child, ProcessSpec
from api.supervisor import Supervisor, Timing

QUICK = Timing(probe_every=0.05, hung_after=0.3, stop_patience=1.0)
SLEEP = "import time; time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
)
PAGE = """
import http.server, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"conditions": {"kafka": {"ok": false, "detail": "refused"}}}'
        self.send_response(int(sys.argv[2])); self.end_headers(); self.wfile.write(body)
    def log_message(self, *args): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
"""


def python(code: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", code, *arguments)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def until(condition, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.01)


class Running:
    def __init__(self, supervisor: Supervisor) -> None:
        self.supervisor = supervisor
        self.stop = asyncio.Event()
        self.task = asyncio.create_task(supervisor.run(self.stop))

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.stop.set()
        await self.task


def quick_backoff() -> Backoff:
    return Backoff(first=0.05, longest=0.1)


async def test_a_child_that_is_killed_is_started_again_and_counted(tmp_path):
    supervisor = Supervisor([ProcessSpec("toy", python(SLEEP))], tmp_path, timing=QUICK, new_backoff=quick_backoff)
    async with Running(supervisor):
        (state,) = supervisor.processes
        await until(lambda: state.state == "up")
        first = state.pid
        os.kill(first, signal.SIGKILL)
        await until(lambda: state.state == "up" and state.pid != first)
        assert state.restarts == 1
    assert state.state == "stopped"
    assert not psutil.pid_exists(first)


async def test_a_child_that_keeps_dying_waits_between_its_starts(tmp_path):
    waits = []

    class Recording(Backoff):
        def delay_after(self, lived_s):
            waits.append(lived_s)
            return 0.05

    spec = ProcessSpec("toy", python("raise SystemExit(3)"))
    supervisor = Supervisor([spec], tmp_path, timing=QUICK, new_backoff=Recording)
    details = []
    supervisor._on_change = lambda state: details.append(state.detail)
    async with Running(supervisor):
        await until(lambda: supervisor.processes[0].restarts >= 2)
    assert len(waits) >= 2
    assert any("ended with exit code 3" in detail for detail in details)


async def test_a_command_that_does_not_exist_does_not_end_the_supervisor(tmp_path):
    specs = [ProcessSpec("gone", ("/nowhere/command",)), ProcessSpec("toy", python(SLEEP))]
    supervisor = Supervisor(specs, tmp_path, timing=QUICK, new_backoff=quick_backoff)
    async with Running(supervisor):
        await until(lambda: supervisor.processes[1].state == "up" and supervisor.processes[0].restarts >= 1)


async def test_stopping_takes_the_whole_group_of_a_child(tmp_path):
    parent = (
        "import subprocess, sys\n"
        "p = subprocess.Popen([sys.executable, '-S', '-c', sys.argv[1]]); print(p.pid, flush=True); p.wait()"
    )
    supervisor = Supervisor([ProcessSpec("toy", python(parent, SLEEP))], tmp_path, timing=QUICK)
    async with Running(supervisor):
        log = tmp_path / "toy.log"
        await until(lambda: log.exists() and log.read_text().strip())
        grandchild = int(log.read_text())
        assert psutil.pid_exists(grandchild)
    await until(lambda: not psutil.pid_exists(grandchild) or psutil.Process(grandchild).status() == "zombie")


async def test_a_child_that_ignores_the_request_to_stop_is_killed_after_the_patience(tmp_path):
    supervisor = Supervisor(
        [ProcessSpec("toy", python(STUBBORN))], tmp_path, timing=Timing(probe_every=0.05, stop_patience=0.3)
    )
    async with Running(supervisor):
        await until(lambda: (tmp_path / "toy.log").exists() and "ready" in (tmp_path / "toy.log").read_text())
        pid = supervisor.processes[0].pid
        asked = time.monotonic()
    assert time.monotonic() - asked >= 0.3
    assert not psutil.pid_exists(pid)


async def test_children_are_stopped_in_reverse_order(tmp_path):
    specs = [ProcessSpec(name, python(SLEEP)) for name in ("first", "second", "third")]
    stopping = []
    supervisor = Supervisor(specs, tmp_path, timing=QUICK)
    supervisor._on_change = lambda state: stopping.append(state.name) if state.state == "stopping" else None
    async with Running(supervisor):
        await asyncio.wait_for(supervisor.wait_until_up(), 5)
    assert stopping == ["third", "second", "first"]


async def test_health_decides_between_starting_and_up(tmp_path):
    good, bad = free_port(), free_port()
    specs = [
        ProcessSpec("good", python(PAGE, str(good), "200"), f"http://127.0.0.1:{good}/health"),
        ProcessSpec("bad", python(PAGE, str(bad), "503"), f"http://127.0.0.1:{bad}/health"),
    ]
    supervisor = Supervisor(specs, tmp_path, timing=QUICK)
    async with Running(supervisor):
        well, ill = supervisor.processes
        await until(lambda: well.state == "up" and ill.detail == "kafka: refused")
        assert ill.state == "starting"
        assert not supervisor._all_up.is_set()


async def test_a_child_that_answered_once_and_hangs_is_started_again(tmp_path):
    port = free_port()
    spec = ProcessSpec("toy", python(PAGE, str(port), "200"), f"http://127.0.0.1:{port}/health")
    timing = Timing(probe_every=0.05, hung_after=0.1, stop_patience=1.0)
    supervisor = Supervisor([spec], tmp_path, timing=timing, new_backoff=quick_backoff)
    async with Running(supervisor):
        (state,) = supervisor.processes
        await until(lambda: state.state == "up")
        os.kill(state.pid, signal.SIGSTOP)
        await until(lambda: state.restarts == 1, seconds=10)
        await until(lambda: state.state == "up", seconds=10)


async def test_a_killed_supervisor_leaves_nothing_behind(tmp_path):
    code = (
        "import asyncio, sys; from pathlib import Path\n"
        "from api.supervisor import Supervisor; from api.supervision.child import ProcessSpec\n"
        "def told(state):\n"
        "    print(state.pid, flush=True)\n"
        "spec = ProcessSpec('toy', tuple(sys.argv[2:]))\n"
        "asyncio.run(Supervisor([spec], Path(sys.argv[1]), told).run(asyncio.Event()))\n"
    )
    supervisor = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, str(tmp_path), *python(STUBBORN)), stdout=asyncio.subprocess.PIPE
    )
    child = int(await asyncio.wait_for(supervisor.stdout.readline(), 20))
    await until(lambda: "ready" in (tmp_path / "toy.log").read_text())
    supervisor.kill()
    await supervisor.wait()
    await until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == "zombie")


async def test_a_childs_output_goes_to_its_log_readable_by_its_owner_only(tmp_path):
    child = await Child.start(ProcessSpec("toy", python("print('hello')")), tmp_path / "logs" / "toy.log")
    assert await child.wait() == 0
    log = tmp_path / "logs" / "toy.log"
    assert log.read_text() == "hello\n"
    assert log.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("lives", "delays"),
    [
        ([0.0] * 7, [1, 2, 4, 8, 16, 30, 30]),
        ([5.0, 5.0, 61.0, 5.0], [1, 2, 1, 2]),
    ],
)
def test_backoff_doubles_to_its_longest_and_starts_anew_after_a_settled_life(lives, delays):
    backoff = Backoff()
    assert [backoff.delay_after(life) for life in lives] == delays


async def test_backoff_starts_anew_by_the_supervisors_clock(tmp_path):
    """Under a clock that jumps 61 s between two looks, every life counts as settled: the delay never grows."""
    clock = iter(range(0, 1_000_000, 61))
    lives = []

    class Recording(Backoff):
        def delay_after(self, lived_s):
            lives.append(super().delay_after(lived_s))
            return 0.02

    spec = ProcessSpec("toy", python("raise SystemExit(1)"))
    supervisor = Supervisor([spec], tmp_path, timing=QUICK, now=lambda: float(next(clock)), new_backoff=Recording)
    async with Running(supervisor):
        await until(lambda: len(lives) >= 3)
    assert set(lives) == {1.0}


async def test_named_processes_are_killed_and_started_again_and_no_others(tmp_path):
    specs = [ProcessSpec(name, python("import time; time.sleep(60)")) for name in ("writer", "reader")]
    supervisor = Supervisor(specs, tmp_path, timing=QUICK, new_backoff=lambda: Backoff(first=0.02))
    async with Running(supervisor):
        await until(lambda: all(state.state == "up" for state in supervisor.processes))
        before = {state.name: state.pid for state in supervisor.processes}
        supervisor.kill(["writer"])
        writer, reader = supervisor.processes
        await until(lambda: writer.state == "up" and writer.pid not in (None, before["writer"]))
    assert (writer.restarts, reader.restarts) == (1, 0)
