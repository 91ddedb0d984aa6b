from pathlib import Path

import pytest

from stream.servers.errors import ServerError
from stream.servers.kafka_cluster import BrokerPorts, KafkaCluster, decide_cluster, read_cluster

THREE = KafkaCluster("x", (BrokerPorts(1, 11), BrokerPorts(2, 12), BrokerPorts(3, 13)))


def _settings(cluster: KafkaCluster, number: int) -> dict[str, str]:
    return dict(line.split("=", 1) for line in cluster.properties(number, Path("/logs")).splitlines())


def test_addresses_name_every_broker_by_its_number() -> None:
    assert THREE.bootstrap == "127.0.0.1:1,127.0.0.1:2,127.0.0.1:3"
    assert THREE.voters == "1@127.0.0.1:11,2@127.0.0.1:12,3@127.0.0.1:13"


def test_a_broker_listens_on_loopback_alone() -> None:
    settings = _settings(THREE, 2)
    assert settings["listeners"] == "PLAINTEXT://127.0.0.1:2,CONTROLLER://127.0.0.1:12"
    assert settings["node.id"] == "2"


def test_three_brokers_keep_three_copies_and_need_two() -> None:
    settings = _settings(THREE, 1)
    assert (settings["default.replication.factor"], settings["min.insync.replicas"]) == ("3", "2")
    single = _settings(KafkaCluster("x", (BrokerPorts(1, 11),)), 1)
    assert (single["default.replication.factor"], single["min.insync.replicas"]) == ("1", "1")


def test_no_topic_is_made_by_a_stray_client() -> None:
    assert _settings(THREE, 1)["auto.create.topics.enable"] == "false"


def test_a_cluster_of_two_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="brokers holds 2; give 1 or 3"):
        decide_cluster(tmp_path / "cluster.json", 2, frozenset())


def test_a_file_that_cannot_be_read_names_itself_and_the_remedy(tmp_path: Path) -> None:
    file = tmp_path / "cluster.json"
    file.write_text("{")
    with pytest.raises(ServerError, match=r"cluster\.json cannot be read.*remove its folder"):
        read_cluster(file)
