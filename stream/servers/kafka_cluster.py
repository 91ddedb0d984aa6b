"""How the brokers of one cluster are numbered and where each listens: decided once, kept in a file."""

from __future__ import annotations

import base64
import uuid
from pathlib import Path

import msgspec

from stream.servers.errors import ServerError
from stream.servers.ports import LOOPBACK, free_port

MAY_HAVE = (1, 3)


class BrokerPorts(msgspec.Struct, frozen=True):
    """The port for clients and the one for the cluster's controllers."""

    client: int
    controller: int


class KafkaCluster(msgspec.Struct, frozen=True):
    """A cluster of 1 or 3 brokers, each of them a controller too.

    Attributes
    ----------
    identity
        The cluster's id: 22 characters of base64.
    ports
        Of broker 1, 2, 3.
    """

    identity: str
    ports: tuple[BrokerPorts, ...]

    @property
    def bootstrap(self) -> str:
        """Return the addresses for clients."""
        return ",".join(f"{LOOPBACK}:{ports.client}" for ports in self.ports)

    @property
    def voters(self) -> str:
        """Return the controllers as `controller.quorum.voters` wants them."""
        return ",".join(f"{number}@{LOOPBACK}:{ports.controller}" for number, ports in enumerate(self.ports, start=1))

    def properties(self, number: int, logs: Path) -> str:
        """Return the server.properties of one broker that stores its logs in `logs`."""
        own, size = self.ports[number - 1], len(self.ports)
        copies, needed = min(3, size), 2 if size >= 3 else 1
        settings = {
            "process.roles": "broker,controller",
            "node.id": number,
            "controller.quorum.voters": self.voters,
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{LOOPBACK}:{own.client},CONTROLLER://{LOOPBACK}:{own.controller}",
            "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{own.client}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": logs,
            # A topic has the partitions that Atlas Live gives it or does not exist: one made by a stray client after
            # the log vanished would have a single partition and break one-partition for good.
            "auto.create.topics.enable": "false",
            "default.replication.factor": copies,
            "min.insync.replicas": needed,
            "offsets.topic.replication.factor": copies,
            "offsets.topic.num.partitions": 8,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": needed,
            "transaction.state.log.num.partitions": 8,
            "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": needed,
            "group.initial.rebalance.delay.ms": 0,
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())


def read_cluster(file: Path) -> KafkaCluster:
    """Return what a former start decided."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=KafkaCluster)
    except FileNotFoundError as error:
        raise ServerError(f"no Kafka was ever started there ({file} is missing)", remedy="start it first") from error
    except msgspec.DecodeError as error:
        raise ServerError(f"{file} cannot be read: {error}", remedy="remove its folder and start anew") from error


def decide_cluster(file: Path, size: int, running: frozenset[int]) -> KafkaCluster:
    """Return the cluster of `size` brokers, new or as decided before, with ports that are free or already ours.

    Parameters
    ----------
    running
        The numbers of the brokers that run: their ports stay whatever happens.
    """
    if size not in MAY_HAVE:
        raise ServerError(f"brokers holds {size}", remedy="give 1 or 3")
    old = read_cluster(file) if file.exists() else None
    if old is not None and len(old.ports) != size:
        raise ServerError(
            f"the cluster in {file.parent} has {len(old.ports)} brokers, not {size}",
            remedy="start it with as many as it has, or remove the folder",
        )
    identity = old.identity if old else _new_identity()
    ports = tuple(_ports(old.ports[number - 1] if old else None, number in running) for number in range(1, size + 1))
    cluster = KafkaCluster(identity, ports)
    if cluster != old:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(msgspec.json.encode(cluster))
    return cluster


def _ports(old: BrokerPorts | None, running: bool) -> BrokerPorts:
    if old is not None and running:
        return old
    return BrokerPorts(free_port(old.client if old else None), free_port(old.controller if old else None))


def _new_identity() -> str:
    """Return a random id as Kafka makes them: one that starts with a dash would be taken for an option."""
    while True:
        identity = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not identity.startswith("-"):
            return identity
