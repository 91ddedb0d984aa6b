import socket

import pytest

from stream.servers.errors import ServerError
from stream.servers.external import ExternalServers


def test_a_database_that_does_not_answer_is_named_without_its_password() -> None:
    with socket.create_server(("127.0.0.1", 0)) as kafka, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        servers = ExternalServers(
            f"127.0.0.1:{kafka.getsockname()[1]}", f"postgresql://atlas:very-secret@127.0.0.1:{port}/atlas"
        )
        with pytest.raises(ServerError, match=f"127.0.0.1:{port}") as refusal:
            servers.start()
        assert "very-secret" not in str(refusal.value)
        assert servers.running() is None


def test_one_answering_bootstrap_server_is_enough() -> None:
    with socket.create_server(("127.0.0.1", 0)) as up, socket.socket() as down:
        down.bind(("127.0.0.1", 0))
        kafka = f"127.0.0.1:{down.getsockname()[1]},127.0.0.1:{up.getsockname()[1]}"
        address = f"postgresql://atlas@127.0.0.1:{up.getsockname()[1]}/atlas"
        assert ExternalServers(kafka, address).start().kafka == kafka


def test_what_is_no_postgresql_address_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as kafka:
        servers = ExternalServers(f"127.0.0.1:{kafka.getsockname()[1]}", "mysql://localhost/atlas")
        with pytest.raises(ServerError, match="ATLAS_DATABASE is not"):
            servers.start()
