"""A running `atlas demo` with embedded servers, asked from the outside as its user would."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.client import PlantClient
from api.client.config import ClientConfig
from api.supervision.places import server_places
from stream.servers.find import available, choose

ATLAS = (sys.executable, "-P", "-m", "api.cli")


def atlas(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*ATLAS, *arguments], capture_output=True, text=True, timeout=60, check=False)


@dataclass
class Demo:
    """The supervisor's process, its data folder, and what it has told."""

    process: "subprocess.Popen[bytes]"
    folder: Path
    log: Path

    @property
    def told(self) -> str:
        return self.log.read_text()

    def atlas(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return atlas(*arguments, "--data-dir", str(self.folder))

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.atlas("status", "--json").stdout)
        return found

    def process_of(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(each for each in self.status()["processes"] if each["name"] == name)
        return found

    def pids(self) -> list[int]:
        return [each["pid"] for each in self.status()["processes"] if each["pid"]]

    def all_up(self) -> bool:
        return all(each["state"] == "up" for each in self.status()["processes"])

    def live_plants(self) -> set[str]:
        try:
            with self.client() as client:
                return {plant.id for plant in client.plants().plants if plant.state == "live"}
        except Exception:
            return set()

    def client(self) -> PlantClient:
        state = json.loads((self.folder / "run.json").read_text())
        return PlantClient(ClientConfig(state["addresses"]["api"], state["api_key"], attempts=1))

    def until(self, condition: Callable[[], Any], seconds: float, why: str) -> Any:
        deadline = time.monotonic() + seconds
        while not (result := condition()):
            if self.process.poll() is not None:
                pytest.fail(f"the demo ended while waiting for {why}:\n{self.told[-3000:]}")
            if time.monotonic() > deadline:
                pytest.fail(f"waited {seconds:.0f} s in vain for {why}\n{self.told[-3000:]}")
            time.sleep(0.3)
        return result


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("demo") / "data"
    places = server_places(folder)
    (embedded,) = [look for look in available(places) if look.kind == "embedded"]
    if not embedded.ok:
        pytest.skip(f"no embedded servers here: {embedded.reason}")
    yield folder
    choose("embedded", places).forget()


@contextlib.contextmanager
def _demo(folder: Path, *options: str) -> Iterator[Demo]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ATLAS_")}
    log = folder.with_name("output.txt")
    with log.open("w") as output:
        process = subprocess.Popen(
            [*ATLAS, "demo", "--data-dir", str(folder), "--servers", "embedded", "--history-hours", "0.1", *options],
            stdout=output, stderr=subprocess.STDOUT, env=environment, start_new_session=True,
        )  # fmt: skip
    try:
        yield Demo(process, folder, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(40)
            finally:
                process.kill()
                process.wait()


@pytest.fixture
def demo(data_dir: Path) -> Callable[..., AbstractContextManager[Demo]]:
    """Starts a demo in the module's data folder; stopped as a user's Ctrl-C would, killed if that does not end it."""
    return lambda *options: _demo(data_dir, *options)
