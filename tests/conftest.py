"""Servers and databases for tests, by the name of what a test needs.

servers, kafka_bootstrap, database_dsn, dsn     any: given ones (ATLAS_TEST_KAFKA, ATLAS_TEST_DATABASE) or embedded ones
real_servers, real_database_dsn                 Apache Kafka and TimescaleDB: given, containers' or `make servers`'
scratch_kafka, scratch_database                 embedded, wiped, the module's own: to be killed, paused, wiped
real_scratch_kafka, real_scratch_cluster, real_scratch_database    the same from the real ones; one or three brokers
real_own_kafka, real_own_cluster, real_own_database    the same for a whole module, where a start for each test is dear
node_opcua                                      another maker's OPC UA server: the environment that Node.js needs for it

What needs real servers is marked `real`; it skips with the reason where there are none, and fails where
ATLAS_REQUIRE_REAL=1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from stream.servers import debian_tree, kafka_artefacts
from stream.servers.container_engine import find_engine
from stream.servers.containers import ContainerServers
from stream.servers.embedded import EmbeddedServers
from stream.servers.errors import ServerError
from stream.servers.external import ExternalServers
from stream.servers.native import NativeKafka, NativeServers
from stream.servers.port import Servers
from stream.servers.postgres import PostgresServer
from stream.servers.tansu import TansuBroker
from stream.servers.timescale import TimescalePrograms
from stream.servers.wheel_postgres import WheelPostgres
from stream.store.migrations import upgrade

_ROOT = Path(__file__).parents[1]
_CACHE = Path("~/.cache/atlas-live").expanduser()
_REAL = {"real_servers", "real_scratch_kafka", "real_scratch_cluster", "real_scratch_database", "node_opcua"}
_REAL |= {"real_own_kafka", "real_own_cluster", "real_own_database"}
_NODE_OPCUA = "node-opcua-server@2.182.2"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs real servers, so that `-m "not real"` leaves it out."""
    for item in items:
        if _REAL & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.real)


def _without_real(reason: str) -> None:
    """Skip with the reason, or fail where real servers are required."""
    if os.environ.get("ATLAS_REQUIRE_REAL") == "1":
        pytest.fail(f"real servers are required (ATLAS_REQUIRE_REAL=1): {reason}")
    pytest.skip(f"needs real servers: {reason}")


def _given() -> ExternalServers | None:
    kafka, database = os.environ.get("ATLAS_TEST_KAFKA"), os.environ.get("ATLAS_TEST_DATABASE")
    return ExternalServers(kafka, database) if kafka and database else None


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """A Kafka and a database for the whole session: the given ones, else embedded ones."""
    given = _given()
    if given is not None:
        yield given.start()
        return
    embedded = EmbeddedServers(tmp_path_factory.mktemp("servers"))
    try:
        yield embedded.start()
    finally:
        embedded.forget()


@pytest.fixture(scope="session")
def kafka_bootstrap(servers: Servers) -> str:
    """The session's Kafka, shared by all tests: use topics of your own, or `scratch_kafka`."""
    return servers.kafka


@pytest.fixture(scope="session")
def real_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Apache Kafka and TimescaleDB for the whole session."""
    given, running = _given(), NativeServers(_ROOT / ".atlas/servers/native", _CACHE).running()
    engine = None if given or running else find_engine()
    if given is not None:
        yield given.start()
    elif running is not None:
        yield running
    elif engine is not None:
        containers = ContainerServers(tmp_path_factory.mktemp("containers"), engine)
        try:
            yield containers.start()
        finally:
            for server in (*containers.brokers, *containers.databases):
                server.wipe()
    else:
        _without_real("none were given and none run; start them with `make servers`")


@contextmanager
def _fresh_database(address: str) -> Iterator[str]:
    """Make a database beside the given one, and drop it with whoever is still connected."""
    base, _, _ = address.rpartition("/")
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield f"{base}/{name}"
    finally:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def database_dsn(servers: Servers) -> Iterator[str]:
    """A fresh database of the module's own, without tables or extensions."""
    with _fresh_database(servers.database) as dsn:
        yield dsn


@pytest.fixture
def dsn(servers: Servers) -> Iterator[str]:
    """A migrated database of the test's own."""
    with _fresh_database(servers.database) as dsn:
        upgrade(dsn)
        yield dsn


@pytest.fixture(scope="module")
def real_database_dsn(real_servers: Servers) -> Iterator[str]:
    """A fresh database of the module's own on a server that has TimescaleDB."""
    with _fresh_database(real_servers.database) as dsn:
        yield dsn


@pytest.fixture
def scratch_kafka(tmp_path: Path) -> Iterator[TansuBroker]:
    """An embedded broker of the test's own, with nothing in it."""
    broker = TansuBroker(tmp_path / "scratch-kafka")
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


@pytest.fixture
def scratch_database(tmp_path: Path) -> Iterator[PostgresServer]:
    """An embedded database of the test's own."""
    folder = tmp_path / "scratch-database"
    database = PostgresServer(folder, WheelPostgres(folder))
    database.start()
    try:
        yield database
    finally:
        database.wipe()


@contextmanager
def _native_kafka(folder: Path, size: int) -> Iterator[NativeKafka]:
    _need_prepared(kafka_artefacts.missing(), f"kafka-{kafka_artefacts.KAFKA_VERSION}")
    cluster = NativeKafka(folder, _CACHE, size)
    cluster.start()
    try:
        yield cluster
    finally:
        for broker in cluster.brokers:
            broker.wipe()


def _need_prepared(lacking: str | None, cached: str) -> None:
    """Skip where a native server cannot run; on a bare machine also where it would have to be downloaded first."""
    if lacking:
        _without_real(f"this machine lacks {lacking}")
    if os.environ.get("ATLAS_REQUIRE_REAL") != "1" and not (_CACHE / cached).exists():
        _without_real(f"{_CACHE / cached} is not there; `make servers` fetches it")


@pytest.fixture
def real_scratch_kafka(tmp_path: Path) -> Iterator[NativeKafka]:
    """One broker of Apache Kafka, the test's own, with nothing in it."""
    with _native_kafka(tmp_path / "scratch-kafka", 1) as cluster:
        yield cluster


@pytest.fixture
def real_scratch_cluster(tmp_path: Path) -> Iterator[NativeKafka]:
    """Three brokers of Apache Kafka, the test's own, with nothing in them."""
    with _native_kafka(tmp_path / "scratch-cluster", 3) as cluster:
        yield cluster


@contextmanager
def _timescale(folder: Path) -> Iterator[PostgresServer]:
    _need_prepared(debian_tree.missing(), "timescaledb-trixie")
    database = PostgresServer(folder, TimescalePrograms(folder, _CACHE))
    try:
        database.start()
    except ServerError as error:
        _without_real(str(error))
    try:
        yield database
    finally:
        database.wipe()


@pytest.fixture
def real_scratch_database(tmp_path: Path) -> Iterator[PostgresServer]:
    """A database with TimescaleDB, the test's own."""
    with _timescale(tmp_path / "scratch-database") as database:
        yield database


@pytest.fixture(scope="module")
def real_own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NativeKafka]:
    """One broker of Apache Kafka, the module's own."""
    with _native_kafka(tmp_path_factory.mktemp("own-kafka"), 1) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def real_own_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NativeKafka]:
    """Three brokers of Apache Kafka, the module's own."""
    with _native_kafka(tmp_path_factory.mktemp("own-cluster"), 3) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def real_own_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A database with TimescaleDB, the module's own."""
    with _timescale(tmp_path_factory.mktemp("own-database")) as database:
        yield database


@pytest.fixture(scope="session")
def node_opcua() -> Mapping[str, str]:
    """Environment variables with which `node` finds node-opcua; npm installs it once, into the cache."""
    folder = _CACHE / "node-opcua"
    if shutil.which("npm") is None or shutil.which("node") is None:
        _without_real("node-opcua needs Node.js; Debian: apt-get install nodejs npm")
    if not (folder / _NODE_OPCUA).exists():
        folder.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(folder)]
        done = subprocess.run([*install, _NODE_OPCUA], capture_output=True, text=True, timeout=240, check=False)
        if done.returncode:
            _without_real(f"npm cannot install {_NODE_OPCUA}: {done.stderr[-300:]}")
        (folder / _NODE_OPCUA).touch()
    # Its default certificates lie where programs keep their settings: in the cache here, not in the user's.
    return {"NODE_PATH": str(folder / "node_modules"), "XDG_CONFIG_HOME": str(folder / "config")}
