"""Servers in containers: Apache Kafka and TimescaleDB from their images, where an engine answers."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from stream.servers.container_engine import ContainerEngine
from stream.servers.errors import ServerError, ServerStartError
from stream.servers.file_lock import file_lock
from stream.servers.kafka_artefacts import KAFKA_VERSION
from stream.servers.kafka_probe import brokers_known
from stream.servers.port import Progress, Servers, quiet
from stream.servers.ports import LOOPBACK, free_port
from stream.servers.postgres import DATABASE, ROLE

KAFKA_IMAGE = f"apache/kafka:{KAFKA_VERSION}"
DATABASE_IMAGE = "timescale/timescaledb:2.19.3-pg17"
_READY_S = 120.0
_CONTROLLER_PORT = 9093


@dataclass(frozen=True)
class ContainerServer:
    """One server in a container, published on a port of loopback.

    Attributes
    ----------
    name
        In logs; the container's name adds a hash of the folder, by which it is found again.
    inside
        The port within the container.
    environment
        Its settings, given the published port.
    ready
        Tells whether it answers on the published port.
    """

    name: str
    folder: Path
    engine: ContainerEngine
    image: str
    inside: int
    environment: Callable[[int], Mapping[str, str]]
    ready: Callable[[ContainerServer, int], bool]
    arguments: tuple[str, ...] = ()

    @property
    def container(self) -> str:
        """Return the container's name."""
        key = hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()[:12]
        return f"atlas-{self.name}-{key}"

    @property
    def _port_file(self) -> Path:
        return self.folder / f"{self.name}.json"

    @property
    def port(self) -> int:
        """Return the published port."""
        try:
            return msgspec.json.decode(self._port_file.read_bytes(), type=int)
        except (FileNotFoundError, msgspec.DecodeError) as error:
            raise ServerError(f"{self.name} in {self.folder} was never started", remedy="start it first") from error

    @property
    def address(self) -> str:
        """Return `host:port`."""
        return f"{LOOPBACK}:{self.port}"

    def start(self, progress: Progress = quiet) -> None:
        """Start it, making the container the first time."""
        with file_lock(self.folder / f"{self.name}.lock"):
            if self.is_running():
                return
            progress(f"starting {self.image}")
            if self.engine.exists(self.container):
                self.engine.run("start", self.container)
            else:
                self._create()
            self._wait_ready()

    def _create(self) -> None:
        self.engine.pull(self.image)
        port = free_port(
            msgspec.json.decode(self._port_file.read_bytes(), type=int) if self._port_file.exists() else None
        )
        settings = [word for name, value in self.environment(port).items() for word in ("--env", f"{name}={value}")]
        publish = ["--publish", f"{LOOPBACK}:{port}:{self.inside}"]
        self.engine.run("run", "--detach", "--name", self.container, *publish, *settings, self.image, *self.arguments)
        self._port_file.write_bytes(msgspec.json.encode(port))

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + _READY_S
        while not self.ready(self, self.port):
            if time.monotonic() > deadline or not self.is_running():
                said = self.engine.run("logs", "--tail", "30", self.container)
                raise ServerStartError(f"{self.container} did not become ready; its log ends:\n{said}")
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop it cleanly; its data stay in the container."""
        if self.is_running():
            self.engine.run("stop", "--time", "30", self.container)

    def kill(self) -> None:
        """End it at once."""
        if self.is_running():
            self.engine.run("kill", self.container)

    def pause(self) -> None:
        """Freeze it."""
        self.engine.run("pause", self.container)

    def resume(self) -> None:
        """Let it go on."""
        self.engine.run("unpause", self.container)

    def wipe(self) -> None:
        """End it and remove it with its data."""
        if self.engine.exists(self.container):
            self.engine.run("rm", "--force", "--volumes", self.container)

    def is_running(self) -> bool:
        """Tell whether the container runs, frozen or not."""
        return self.engine.is_running(self.container)

    def memory_bytes(self) -> int:
        """Return 0: the engine accounts for a container's memory, and limits it."""
        return 0


def _kafka_settings(port: int) -> Mapping[str, str]:
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": f"1@localhost:{_CONTROLLER_PORT}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        # Clients are sent to the advertised address, so the port within is the published one.
        "KAFKA_LISTENERS": f"PLAINTEXT://:9092,CONTROLLER://localhost:{_CONTROLLER_PORT}",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{LOOPBACK}:{port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_HEAP_OPTS": "-Xmx512m",
    }


def _database_settings(_port: int) -> Mapping[str, str]:
    # Published on loopback alone, as the embedded and the native database are.
    return {"POSTGRES_USER": ROLE, "POSTGRES_DB": DATABASE, "POSTGRES_HOST_AUTH_METHOD": "trust"}


def _kafka_ready(_server: ContainerServer, port: int) -> bool:
    return brokers_known(LOOPBACK, port) >= 1


def _database_ready(server: ContainerServer, _port: int) -> bool:
    # By TCP: while the image initialises the cluster, its server listens on the socket only.
    question = ("exec", server.container, "pg_isready", "--host", LOOPBACK, "--username", ROLE, "--dbname", DATABASE)
    try:
        server.engine.run(*question)
    except ServerError:
        return False
    return True


@dataclass(frozen=True)
class ContainerServers:
    """Kafka and TimescaleDB in containers that outlive this process.

    Attributes
    ----------
    folder
        Names the containers and holds their ports.
    """

    folder: Path
    engine: ContainerEngine
    kind: str = field(default="containers")

    @property
    def brokers(self) -> tuple[ContainerServer, ...]:
        """Return the one broker."""
        place = (self.folder, self.engine)
        return (ContainerServer("kafka", *place, KAFKA_IMAGE, 9092, _kafka_settings, _kafka_ready),)

    @property
    def databases(self) -> tuple[ContainerServer, ...]:
        """Return the one database."""
        place = (self.folder, self.engine)
        quiet_timescale = ("-c", "timescaledb.telemetry_level=off")
        server = ContainerServer(
            "database", *place, DATABASE_IMAGE, 5432, _database_settings, _database_ready, quiet_timescale
        )
        return (server,)

    def start(self, progress: Progress = quiet) -> Servers:
        """Start both; images are fetched the first time."""
        for server in (*self.databases, *self.brokers):
            server.start(progress)
        return self._servers()

    def stop(self, progress: Progress = quiet) -> None:
        """Stop both, the database last."""
        for server in (*self.brokers, *self.databases):
            progress(f"stopping {server.image}")
            server.stop()

    def running(self) -> Servers | None:
        """Return the addresses where both run."""
        if all(server.is_running() for server in (*self.brokers, *self.databases)):
            return self._servers()
        return None

    def _servers(self) -> Servers:
        (broker,), (database,) = self.brokers, self.databases
        return Servers(self.kind, broker.address, f"postgresql://{ROLE}@{database.address}/{DATABASE}")
