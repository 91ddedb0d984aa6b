"""A fake API, the real dashboard and a real Chromium; each test gets a page of its own and a fake that behaves."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
CALM = {
    "paused": False,
    "empty": False,
    "key": "",
    "late_s": 0.0,
    "refuse_tickets": False,
    "portfolios": True,
    "no_model": False,
    "doubted": False,
    "hold": False,
    "resumed": 0,
}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(url: str, limit_s: float = 40.0) -> None:
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own server on loopback
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise TimeoutError(f"{url} did not answer within {limit_s} s")


@dataclass
class FakeApi:
    """The fake API as a process that a test can stop and start again on its port."""

    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, str(HERE / "fake_api.py"), str(self.port)], cwd=ROOT)
        wait_for(f"{self.url}/v1/plants")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.process = None

    def behave(self, **how: Any) -> dict[str, Any]:
        body = json.dumps(how).encode()
        request = urllib.request.Request(  # noqa: S310 - our own server on loopback
            f"{self.url}/fake", data=body, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return dict(json.load(answer))


@pytest.fixture(scope="module")
def api_process() -> Iterator[FakeApi]:
    fake = FakeApi()
    fake.start()
    yield fake
    fake.stop()


@pytest.fixture
def api(api_process: FakeApi) -> Iterator[FakeApi]:
    yield api_process
    if api_process.process is None:
        api_process.start()
    api_process.behave(**CALM)


@pytest.fixture(scope="module")
def dashboard(api_process: FakeApi) -> Iterator[str]:
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ATLAS_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboards", "--port", str(port)],
        cwd=ROOT,
        env=kept | {"ATLAS_API_URL": api_process.url},
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)
