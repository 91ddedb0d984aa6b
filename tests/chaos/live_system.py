"""A whole running system in a data folder of its own, to be hurt."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from api.client import PlantClient
from api.client.config import ClientConfig
from api.supervision import run_state
from stream.kafka import KafkaConfig
from stream.servers.ports import free_port
from stream.topics import partition_of
from tests.chaos.line import Line

ATLAS = (sys.executable, "-P", "-m", "api.cli")


@dataclass
class LiveSystem:
    """A running `atlas run` in a data folder of its own, and the plants that it watches."""

    folder: Path
    processes: "dict[str, subprocess.Popen[bytes]]"
    lines: Mapping[str, Line]
    environment: Mapping[str, str]
    _started: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @property
    def state(self) -> run_state.RunState:
        state = run_state.load(self.folder / "data")
        return state or run_state.RunState(0, 0.0, "run", "", since=0.0)

    def process(self, name: str) -> run_state.ProcessState:
        return next((p for p in self.state.processes if p.name == name), run_state.ProcessState(name))

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to a process; returns its pid."""
        pid = self.process(name).pid
        assert pid is not None, f"{name} does not run"
        os.kill(pid, number)
        return pid

    def wait_until(self, what: str, holds: Callable[[], bool], timeout_s: float = 90.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not holds():
            for name, process in self.processes.items():
                assert process.poll() is None, f"{name} ended while waiting for {what}: {self.logs()}"
            assert time.monotonic() < deadline, f"{what}: not within {timeout_s} s\n{self.logs()}"
            time.sleep(0.25)

    def wait_up(self, name: str, instead_of: int) -> None:
        """Wait until a process is up again under another number."""

        def again() -> bool:
            process = self.process(name)
            return process.state == "up" and process.pid not in (None, instead_of)

        self.wait_until(f"{name} up again", again)

    def wait_healthy(self, timeout_s: float = 120.0) -> None:
        def healthy() -> bool:
            state = self.state
            return state.stage == "running" and all(p.state == "up" for p in state.processes)

        self.wait_until("all processes up", healthy, timeout_s)

    def second(self, name: str, verb: str) -> "subprocess.Popen[bytes]":
        """Another process of the same kind, with a health page of its own, outside the supervisor."""
        pid = self.process(name).pid
        inherited = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
        environment = dict(entry.split("=", 1) for entry in inherited if "=" in entry)
        environment["ATLAS_HEALTH_PORTS"] = json.dumps({verb: free_port()})
        self._started.append(start([verb], environment, self.folder / "data/logs" / f"second {name}.log"))
        return self._started[-1]

    def logs(self) -> str:
        parts = []
        for log in sorted(self.folder.rglob("*.log")):
            if "servers" not in log.parts:
                parts.append(f"== {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-8:]))
        return "\n".join(parts)

    def stop(self) -> None:
        for process in (*reversed(self.processes.values()), *self._started):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for line in self.lines.values():
            line.close()

    @property
    def kafka(self) -> KafkaConfig:
        return KafkaConfig(self.state.addresses["kafka"])

    @property
    def dsn(self) -> str:
        address: str = self.state.addresses["database"]
        return address

    def client(self) -> PlantClient:
        return PlantClient(ClientConfig(self.state.addresses["api"], self.state.api_key))

    @property
    def ledgers(self) -> dict[str, Path]:
        return {found.stem: found for found in sorted(self.folder.rglob("*.ledger"))}

    def partition(self, plant: str) -> int:
        with psycopg.connect(self.dsn) as connection:
            row = connection.execute("SELECT number FROM plant WHERE plant = %s", [plant]).fetchone()
        assert row is not None
        return partition_of(row[0])


def start(arguments: list[str], environment: Mapping[str, str], log: Path) -> "subprocess.Popen[bytes]":
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        return subprocess.Popen([*ATLAS, *arguments], env=environment, stdout=out, stderr=out, start_new_session=True)
