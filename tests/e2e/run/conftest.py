"""`atlas run` on embedded servers, and a plant's OPC UA server that this project did not write."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.client import PlantClient
from api.client.config import ClientConfig
from api.supervision.places import server_places
from stream.servers.find import available, choose
from stream.servers.ports import free_port

NODE_SERVER = Path(__file__).parents[2] / "integration/connectors/node_server.js"
ATLAS = (sys.executable, "-P", "-m", "api.cli")
START_S = 120.0
STOP_S = 40.0


@dataclass
class ForeignServer:
    """A running server by node-opcua; see `node_server.js`."""

    endpoint: str
    output: Path

    def offered(self) -> list[tuple[int, float]]:
        """Time (us) and value of what its node T0 reported, in order; T<n> reported n more."""
        lines = [json.loads(line) for line in self.output.read_text().splitlines() if line.endswith("}")]
        return [(told["t"] * 1000, told["k"] * 10_000.0) for told in lines if "k" in told]


@pytest.fixture
def foreign_server(node_opcua: Mapping[str, str], tmp_path: Path) -> Iterator[ForeignServer]:
    server = ForeignServer(f"opc.tcp://127.0.0.1:{free_port()}", tmp_path / "node-opcua.jsonl")
    port = int(server.endpoint.rpartition(":")[2])
    config = {"port": port, "tags": 3, "period": 200, "history": 100_000, "pki": str(tmp_path / "pki")}
    with server.output.open("w") as output:
        process = subprocess.Popen(
            ["node", str(NODE_SERVER), json.dumps(config)],
            stdin=subprocess.PIPE, stdout=output, env={**os.environ, **node_opcua},
        )  # fmt: skip
    try:
        yield server
    finally:
        process.kill()
        process.communicate()


@dataclass
class Run:
    """A running `atlas run`: its supervisor, its data folder and its output."""

    process: "subprocess.Popen[bytes]"
    folder: Path
    output: Path

    def atlas(self, *arguments: str) -> str:
        """What a command about this run prints; it must succeed."""
        command = [*ATLAS, *arguments, "--data-dir", str(self.folder)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def client(self) -> PlantClient:
        told = json.loads((self.folder / "run.json").read_text())
        return PlantClient(ClientConfig(told["addresses"]["api"], told["api_key"]))

    def until(self, condition: Callable[[], Any], why: str, seconds: float = START_S) -> Any:
        deadline = time.monotonic() + seconds
        while not (result := condition()):
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"waited in vain for {why}:\n{self.output.read_text()[-3000:]}{self._logs()}")
            time.sleep(0.3)
        return result

    def _logs(self) -> str:
        return "".join(
            f"\n== {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-5:])
            for log in sorted((self.folder / "logs").glob("*.log"))
        )


@pytest.fixture
def run_plant(tmp_path: Path) -> Iterator[Callable[[Path], Run]]:
    """Run a plant file; stopped as a user's Ctrl-C would, killed if that does not end it."""
    folder = tmp_path / "data"
    places = server_places(folder)
    (embedded,) = [look for look in available(places) if look.kind == "embedded"]
    if not embedded.ok:
        pytest.skip(f"no embedded servers here: {embedded.reason}")
    with contextlib.ExitStack() as stack:
        yield lambda file: stack.enter_context(_running(folder, file))
    choose("embedded", places).forget()


@contextlib.contextmanager
def _running(folder: Path, file: Path) -> Iterator[Run]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ATLAS_")}
    log = folder.with_name("output.txt")
    command = [*ATLAS, "run", "--plant", str(file), "--data-dir", str(folder), "--servers", "embedded"]
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment, start_new_session=True)
    try:
        yield Run(process, folder, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_S)
            finally:
                process.kill()
                process.wait()
