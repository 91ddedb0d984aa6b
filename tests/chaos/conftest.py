"""A whole running system under its own supervisor, to be hurt, and the comparison of its table with the ledgers."""

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

import numpy as np
import psycopg
import pytest

from analytics.quality import UNCERTAIN_ENGINEERING_UNITS_EXCEEDED
from connectors.simulated.ledger import read_ledger

EXCEEDED = UNCERTAIN_ENGINEERING_UNITS_EXCEEDED >> 16


@dataclass
class LiveSystem:
    """A running `atlas demo` in a data folder of its own."""

    folder: Path
    process: "subprocess.Popen[bytes]"
    environment: Mapping[str, str]

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-P", "-m", "api.cli", *arguments, "--data-dir", str(self.folder)]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60, check=False)

    def status(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.command("status", "--json").stdout or "{}")
        return told

    def pid(self, name: str) -> int | None:
        found: int | None = next((p["pid"] for p in self.status().get("processes", []) if p["name"] == name), None)
        return found

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        pid = self.pid(name)
        assert pid is not None, f"{name} does not run"
        os.kill(pid, number)

    def wait_until(self, what: str, holds: Callable[[], bool], timeout_s: float = 90.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not holds():
            assert self.process.poll() is None, f"the supervisor ended while waiting for {what}: {self.logs()}"
            assert time.monotonic() < deadline, f"{what}: not within {timeout_s} s\n{self.logs()}"
            time.sleep(0.5)

    def wait_healthy(self, timeout_s: float = 90.0) -> None:
        def healthy() -> bool:
            told = self.status()
            return bool(told.get("processes")) and told["state"] == "running" and bool(told["healthy"])

        self.wait_until("all processes up", healthy, timeout_s)

    def logs(self) -> str:
        parts = []
        for log in sorted((self.folder / "logs").glob("*.log")):
            parts.append(f"== {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-8:]))
        return "\n".join(parts)

    @property
    def database(self) -> str:
        address: str = self.status()["addresses"]["database"]
        return address

    @property
    def kafka(self) -> str:
        address: str = self.status()["addresses"]["kafka"]
        return address

    def ledgers(self) -> dict[str, Path]:
        return {path.stem: path for path in sorted(self.folder.rglob("*.ledger"))}

    def stored(self, plant: str, before_us: int) -> dict[tuple[str, int], tuple[float, int]]:
        query = """
            SELECT t.name, (extract(epoch FROM r.ts) * 1000000)::bigint, r.value, r.quality::int & 65535
              FROM reading r JOIN tag t USING (tag_id)
             WHERE t.plant = %s AND r.ts < to_timestamp(%s::numeric / 1000000)
        """
        with psycopg.connect(self.database) as connection:
            rows = connection.execute(query, [plant, before_us]).fetchall()
        found = {(name, int(ts)): (value, quality) for name, ts, value, quality in rows}
        assert len(found) == len(rows), f"{plant}: {len(rows) - len(found)} readings are doubled"
        return found

    def names(self, plant: str) -> set[str]:
        with psycopg.connect(self.database) as connection:
            return {name for (name,) in connection.execute("SELECT name FROM tag WHERE plant = %s", [plant])}

    def offered(self, plant: str, before_us: int) -> dict[tuple[str, int], tuple[float, int]]:
        ledger = read_ledger(self.ledgers()[plant])
        chosen = ledger.times_us < before_us
        return {
            (ledger.names[tag], int(ts)): (float(value), int(status) >> 16)
            for tag, ts, value, status in zip(
                ledger.tags[chosen],
                ledger.times_us[chosen],
                ledger.values[chosen],
                ledger.statuses[chosen],
                strict=True,
            )
        }

    def check_against_ledgers(self, timeout_s: float = 120.0) -> int:
        """Every reading offered until now is stored once, as offered, and nothing else is; returns how many."""
        now, total = time.time_ns() // 1000, 0
        for plant in self.ledgers():
            names = self.names(plant)
            offered = {key: content for key, content in self.offered(plant, now).items() if key[0] in names}
            self.wait_until(
                f"{plant}: all readings stored",
                lambda plant=plant, offered=offered: offered.keys() <= self.stored(plant, now).keys(),  # type: ignore[misc]
                timeout_s,
            )
            measured = {name for name, _ in offered}
            stored = {key: row for key, row in self.stored(plant, now).items() if key[0] in measured}
            extra = stored.keys() - offered.keys()
            assert not extra, f"{plant}: {len(extra)} readings that were never offered, such as {min(extra)}"
            wrong = [key for key, content in offered.items() if not same(stored[key], content)]
            assert not wrong, (
                f"{plant}: {len(wrong)} readings differ: {wrong[0]} {stored[wrong[0]]} {offered[wrong[0]]}"
            )
            total += len(offered)
        return total


def same(stored: tuple[float, int], offered: tuple[float, int]) -> bool:
    """Equal value and quality; a Good value beyond the instrument's range may have become Uncertain."""
    value = stored[0] == offered[0] or (np.isnan(stored[0]) and np.isnan(offered[0]))
    return bool(value) and (stored[1] == offered[1] or (offered[1] == 0 and stored[1] == EXCEEDED))


@pytest.fixture(scope="session")
def start_system(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., "Iterator[LiveSystem]"]:
    def start(servers: str, variables: Mapping[str, str]) -> Iterator[LiveSystem]:
        folder = tmp_path_factory.mktemp("system")
        environment = {name: text for name, text in os.environ.items() if not name.startswith("ATLAS_")}
        environment |= {"PYTHONPATH": str(Path(__file__).parents[2]), **variables}
        command = [
            sys.executable, "-P", "-m", "api.cli", "demo", "--data-dir", str(folder), "--servers", servers,
            "--history-hours", "0.1",
        ]  # fmt: skip
        with (folder / "supervisor.log").open("ab") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        system = LiveSystem(folder, process, environment)
        try:
            yield system
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()

    return start
