"""External servers: addresses that somebody gave; nothing is started or stopped."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from stream.servers.errors import ServerError
from stream.servers.port import Progress, Server, Servers, quiet
from stream.servers.ports import is_listening, split_address

_POSTGRES_PORT = 5432
_PATIENCE_S = 5.0


@dataclass(frozen=True)
class ExternalServers:
    """Servers that run elsewhere, or were started by somebody else.

    Attributes
    ----------
    kafka
        Bootstrap servers, `host:port[,host:port]`.
    database
        `postgresql://user[:password]@host[:port]/name`.
    """

    kafka: str
    database: str
    kind: str = "external"
    brokers: tuple[Server, ...] = ()
    databases: tuple[Server, ...] = ()

    def start(self, progress: Progress = quiet) -> Servers:
        """Check that both accept connections.

        Raises
        ------
        ServerError
            Naming what does not answer.
        """
        progress("looking for the given servers")
        if not any(is_listening(host, port, _PATIENCE_S) for host, port in self._bootstrap()):
            raise ServerError(f"Kafka does not answer at {self.kafka}", remedy="start it, or correct ATLAS_KAFKA")
        host, port = self._database()
        if not is_listening(host, port, _PATIENCE_S):
            # The address may carry a password, so the message has the host alone.
            raise ServerError(
                f"the database does not answer at {host}:{port}", remedy="start it, or correct ATLAS_DATABASE"
            )
        return Servers(self.kind, self.kafka, self.database)

    def stop(self, progress: Progress = quiet) -> None:
        """Leave them alone: they are not ours."""

    def running(self) -> Servers | None:
        """Return the addresses where both answer."""
        try:
            return self.start()
        except ServerError:
            return None

    def _bootstrap(self) -> list[tuple[str, int]]:
        return [split_address(address, "ATLAS_KAFKA") for address in self.kafka.split(",")]

    def _database(self) -> tuple[str, int]:
        parts = urlsplit(self.database)
        if parts.scheme not in ("postgresql", "postgres") or not parts.hostname:
            raise ServerError(
                "ATLAS_DATABASE is not the address of a PostgreSQL database",
                remedy="give it as postgresql://user:password@host:port/name",
            )
        return parts.hostname, parts.port or _POSTGRES_PORT
