"""`atlas demo` from the outside: up with both plants live, healing what dies, resuming, and leaving nothing behind."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from api.client import PlantClient
from api.client.config import ClientConfig
from api.supervision.places import server_places
from stream.servers.find import available, choose

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]

ATLAS = (sys.executable, "-P", "-m", "api.cli")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "data"
    places = server_places(folder)
    (embedded,) = [look for look in available(places) if look.kind == "embedded"]
    if not embedded.ok:
        pytest.skip(f"no embedded servers here: {embedded.reason}")
    yield folder
    choose("embedded", places).forget()


@contextlib.contextmanager
def demo(folder: Path, *options: str):
    """A running demo; stopped as a user's Ctrl-C would, killed if that does not end it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ATLAS_")}
    log = folder.with_name("output.txt")
    with log.open("w") as output:
        process = subprocess.Popen(
            [*ATLAS, "demo", "--data-dir", str(folder), "--servers", "embedded", "--history-hours", "0.1", *options],
            stdout=output, stderr=subprocess.STDOUT, env=environment, start_new_session=True,
        )  # fmt: skip
    process.output = log
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(40)
            finally:
                process.kill()
                process.wait()


def atlas(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*ATLAS, *arguments], capture_output=True, text=True, timeout=60)


def status(folder: Path) -> dict:
    done = atlas("status", "--json", "--data-dir", str(folder))
    return json.loads(done.stdout)


def until(condition, seconds: float, why: str, process=None):
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if process is not None and process.poll() is not None:
            pytest.fail(f"the demo ended while waiting for {why}:\n{process.output.read_text()[-3000:]}")
        if time.monotonic() > deadline:
            told = f"\n{process.output.read_text()[-3000:]}" if process is not None else ""
            pytest.fail(f"waited {seconds:.0f} s in vain for {why}{told}")
        time.sleep(0.3)


def live_plants(folder: Path) -> set[str]:
    try:
        state = json.loads((folder / "run.json").read_text())
        with PlantClient(ClientConfig(state["addresses"]["api"], state["api_key"], attempts=1)) as client:
            return {plant.id for plant in client.plants().plants if plant.state == "live"}
    except Exception:
        return set()


def process_of(folder: Path, name: str) -> dict:
    return next(each for each in status(folder)["processes"] if each["name"] == name)


def all_up(folder: Path) -> bool:
    return all(each["state"] == "up" for each in status(folder)["processes"])


def test_a_demo_comes_up_heals_resumes_and_leaves_nothing_behind(data_dir):
    with demo(data_dir) as running:
        plants = until(lambda: live_plants(data_dir), 120, "a live plant", running)
        assert "williams-otto" in plants
        until(lambda: "Stop " in running.output.read_text(), 60, "the closing lines", running)
        closing = running.output.read_text().splitlines()[-4:]
        assert [line.split()[0] for line in closing] == ["Dashboard", "API", "Status", "Stop"]

        told = status(data_dir)
        assert set(told["addresses"]) == {"api", "dashboard", "kafka", "database", "opcua"}
        assert told["api_key"]
        names = {each["name"] for each in told["processes"]}
        assert names == {
            "kafka", "database", "plants", "api", "worker", "historian", "keeper", "connector", "dashboard",
        }  # fmt: skip
        for secret in ("run.json", "keys.json", "local_keys.json", "ticket_secret"):
            assert (data_dir / secret).stat().st_mode & 0o077 == 0, secret

        second = atlas("demo", "--data-dir", str(data_dir), "--servers", "embedded")
        assert second.returncode == 1
        assert "runs already" in second.stderr
        assert "Traceback" not in second.stderr

        for name in ("historian", "kafka"):
            before = process_of(data_dir, name)
            os.kill(before["pid"], signal.SIGKILL)
            until(lambda n=name: process_of(data_dir, n)["restarts"] >= 1, 30, f"{name} to be started again", running)
        until(lambda: all_up(data_dir), 90, "everything to be up again", running)
        until(lambda: live_plants(data_dir) == plants, 60, "live plants after the kills", running)

        pids = [each["pid"] for each in status(data_dir)["processes"]]
        running.send_signal(signal.SIGTERM)
        assert running.wait(40) == 0
        assert not [pid for pid in pids if psutil.pid_exists(pid)]
    assert atlas("status", "--data-dir", str(data_dir)).returncode == 1

    # A second start resumes: the database still has the plants' past, and a killed supervisor leaves nothing behind.
    with demo(data_dir) as running:
        until(lambda: live_plants(data_dir) == plants, 120, "live plants after a restart", running)
        pids = [each["pid"] for each in status(data_dir)["processes"] if each["pid"]]
        running.kill()
        running.wait()
        until(lambda: not [pid for pid in pids if psutil.pid_exists(pid)], 30, "the orphans to end")
