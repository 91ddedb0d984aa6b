"""Native servers: Apache Kafka from its Maven artefacts and TimescaleDB from Debian's packages, without containers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from stream.servers.file_lock import file_lock
from stream.servers.kafka_broker import KafkaBroker
from stream.servers.kafka_cluster import decide_cluster, read_cluster
from stream.servers.port import Progress, Servers, quiet
from stream.servers.postgres import PostgresServer
from stream.servers.timescale import TimescalePrograms


@dataclass(frozen=True)
class NativeKafka:
    """A cluster of Apache Kafka alone, 1 or 3 brokers; also the wiped broker of one's own for a test.

    Attributes
    ----------
    folder
        Holds ports, records, logs and data.
    cache
        Where downloads are kept for all clusters of this machine.
    size
        The number of brokers.
    """

    folder: Path
    cache: Path
    size: int = 1

    @property
    def brokers(self) -> tuple[KafkaBroker, ...]:
        """Return its brokers, in the order of their numbers."""
        return tuple(KafkaBroker(number, self.folder, self.cache) for number in range(1, self.size + 1))

    @property
    def bootstrap(self) -> str:
        """Return the addresses for clients."""
        return read_cluster(self.folder / "cluster.json").bootstrap

    def start(self, progress: Progress = quiet) -> str:
        """Start all brokers, wait until each knows all, and return the addresses for clients."""
        with file_lock(self.folder / "start.lock"):
            running = frozenset(broker.number for broker in self.brokers if broker.is_running())
            cluster = decide_cluster(self.folder / "cluster.json", self.size, running)
            for broker in self.brokers:
                broker.launch(progress)
            for broker in self.brokers:
                broker.wait_ready(self.size)
        return cluster.bootstrap

    def stop(self) -> None:
        """Stop all brokers at once: one that waited for its turn would wait for the quorum too."""
        with ThreadPoolExecutor(self.size) as pool:
            list(pool.map(KafkaBroker.stop, self.brokers))

    def is_running(self) -> bool:
        """Tell whether all brokers run."""
        return all(broker.is_running() for broker in self.brokers)


@dataclass(frozen=True)
class NativeServers:
    """Real servers on loopback, each a process of this machine.

    Attributes
    ----------
    folder
        Holds records, logs and data. A second start on it resumes on the same ports.
    cache
        Where downloads are kept.
    size
        The number of brokers, 1 or 3.
    """

    folder: Path
    cache: Path
    size: int = 1
    kind: str = "native"

    @property
    def log(self) -> NativeKafka:
        """Return the Kafka."""
        return NativeKafka(self.folder / "kafka", self.cache, self.size)

    @property
    def database(self) -> PostgresServer:
        """Return the database."""
        place = self.folder / "database"
        return PostgresServer(place, TimescalePrograms(place, self.cache))

    @property
    def brokers(self) -> tuple[KafkaBroker, ...]:
        """Return the brokers."""
        return self.log.brokers

    @property
    def databases(self) -> tuple[PostgresServer, ...]:
        """Return the one database."""
        return (self.database,)

    def start(self, progress: Progress = quiet) -> Servers:
        """Start both side by side; blocks for seconds, and about a minute where they must be installed first."""
        with ThreadPoolExecutor(2) as pool:
            database, log = pool.submit(self.database.start, progress), pool.submit(self.log.start, progress)
            database.result()
            return Servers(self.kind, log.result(), self.database.url)

    def stop(self, progress: Progress = quiet) -> None:
        """Stop all, the database last."""
        progress("stopping Apache Kafka")
        self.log.stop()
        progress("stopping the database")
        self.database.stop()

    def running(self) -> Servers | None:
        """Return the addresses where all run."""
        if not (self.log.is_running() and self.database.is_running()):
            return None
        return Servers(self.kind, self.log.bootstrap, self.database.url)
