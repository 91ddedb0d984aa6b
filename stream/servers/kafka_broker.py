"""One broker of Apache Kafka (KRaft) as a process of its own."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from stream.servers.errors import ServerMissingError, ServerStartError
from stream.servers.file_lock import file_lock
from stream.servers.kafka_artefacts import java, kafka_jars
from stream.servers.kafka_cluster import KafkaCluster, read_cluster
from stream.servers.kafka_probe import brokers_known
from stream.servers.port import Progress, quiet
from stream.servers.ports import LOOPBACK
from stream.servers.process import ENVIRONMENT, ServerProcess

_FORMAT_S, _START_S, _STOP_S = 60.0, 90.0, 30.0
# The second compiler took a fifth of a core in the first minutes; a broker of this size never earns that back.
_JAVA_OPTIONS = (
    "-Xmx512m",
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseG1GC",
    "-XX:MaxGCPauseMillis=20",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "-Djava.net.preferIPv4Stack=true",
)
# What it prints goes to a file that is begun anew at each start; a rolled file keeps the disk from filling meanwhile.
_LOGGING = """\
rootLogger.level=INFO
rootLogger.appenderRefs=file
rootLogger.appenderRef.file.ref=file
appender.file.type=RollingFile
appender.file.name=file
appender.file.fileName={folder}/server.log
appender.file.filePattern={folder}/server.log.%i
appender.file.layout.type=PatternLayout
appender.file.layout.pattern=[%d] %p %m (%c)%n
appender.file.policies.type=Policies
appender.file.policies.size.type=SizeBasedTriggeringPolicy
appender.file.policies.size.size=10MB
appender.file.strategy.type=DefaultRolloverStrategy
appender.file.strategy.max=3
"""


@dataclass(frozen=True)
class KafkaBroker:
    """Broker `number` of the cluster that is decided in `<folder>/cluster.json`.

    Attributes
    ----------
    number
        From 1.
    folder
        The cluster's folder; the broker has `<folder>/broker-<number>`.
    cache
        Where Kafka's jars lie, or are put.
    """

    number: int
    folder: Path
    cache: Path

    @property
    def name(self) -> str:
        """Return its name in logs."""
        return f"kafka-{self.number}"

    @property
    def own(self) -> Path:
        """Return the broker's folder."""
        return self.folder / f"broker-{self.number}"

    @property
    def process(self) -> ServerProcess:
        """Return its process."""
        return ServerProcess(self.name, self.own)

    @property
    def cluster(self) -> KafkaCluster:
        """Return the cluster that it belongs to."""
        return read_cluster(self.folder / "cluster.json")

    @property
    def address(self) -> str:
        """Return `host:port` for clients."""
        return f"{LOOPBACK}:{self.cluster.ports[self.number - 1].client}"

    def start(self, progress: Progress = quiet) -> None:
        """Start it and wait until the cluster's metadata lists it."""
        self.launch(progress)
        self.wait_ready(1)

    def launch(self, progress: Progress = quiet) -> None:
        """Start it without waiting; an empty log folder is formatted first."""
        with file_lock(self.own / "start.lock"):
            if self.is_running():
                return
            cluster = self.cluster
            properties, logging = self.own / "server.properties", self.own / "log4j2.properties"
            properties.write_text(cluster.properties(self.number, self.own / "logs"))
            logging.write_text(_LOGGING.format(folder=self.own))
            jars = kafka_jars(self.cache, progress)
            if not (self.own / "logs" / "meta.properties").exists():
                self._format(cluster.identity, properties, jars)
            progress(f"starting Apache Kafka (broker {self.number} of {len(cluster.ports)})")
            ports = cluster.ports[self.number - 1]
            command = [*_java(jars), f"-Dlog4j2.configurationFile={logging}", "kafka.Kafka", str(properties)]
            self.process.launch(command, (ports.client, ports.controller))

    def wait_ready(self, brokers: int) -> None:
        """Wait until the cluster's metadata, asked here, lists at least so many brokers."""
        port = self.cluster.ports[self.number - 1].client
        self.process.wait_ready(lambda: brokers_known(LOOPBACK, port) >= brokers, _START_S)

    def _format(self, identity: str, properties: Path, jars: Path) -> None:
        # A format that was interrupted leaves folders without the file that says they are whole.
        shutil.rmtree(self.own / "logs", ignore_errors=True)
        command = [*_java(jars), "kafka.tools.StorageTool", "format", "-t", identity, "-c", str(properties)]
        result = subprocess.run(  # noqa: S603 - a fixed command, without a shell
            command, capture_output=True, text=True, env=ENVIRONMENT, timeout=_FORMAT_S, check=False
        )
        if result.returncode != 0:
            reason = (result.stdout + result.stderr).strip()[-2000:]
            raise ServerStartError(f"{self.name}: its log folder could not be formatted: {reason}")

    def stop(self) -> None:
        """Stop it cleanly: partitions are handed over, logs are closed."""
        self.process.terminate(timeout_s=_STOP_S)

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
        """End it and remove its logs, as if its disk had been lost; the next start formats it anew."""
        self.kill()
        shutil.rmtree(self.own / "logs", ignore_errors=True)

    def is_running(self) -> bool:
        """Tell whether its process lives."""
        return self.process.find() is not None

    def memory_bytes(self) -> int:
        """Return its resident memory in bytes."""
        return self.process.memory_bytes()


def _java(jars: Path) -> list[str]:
    program = java()
    if program is None:
        raise ServerMissingError(
            "Apache Kafka needs a Java runtime", remedy="apt-get install --yes default-jdk-headless"
        )
    return [program, *_JAVA_OPTIONS, "-cp", f"{jars}/*"]
