"""What the API is built with."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from stream.kafka import KafkaConfig
from stream.store.database import DatabaseConfig
from twin.atlas.errors import AtlasError

SHORTEST_SECRET: Final = 16
_PLACEHOLDERS: Final = ("changeme", "secret", "password", "placeholder", "example", "insecure", "default", "replace")


class ApiConfigError(AtlasError):
    """The API cannot be served as it was configured."""


@dataclass(frozen=True, slots=True)
class LimitsConfig:
    """What one caller may ask of the API.

    `body_bytes` and `readings` bound a request, `definition_bytes` one that brings a plant file, `requests_per_s` and
    `burst` a key's rate, `streams` the live streams open at once, `history_points` a series, `history_tags` the series
    of one question, `history_days` its range.
    """

    body_bytes: int = 900_000
    definition_bytes: int = 20_000_000
    readings: int = 5_000
    requests_per_s: float = 50.0
    burst: int = 200
    refusals_per_min: int = 60
    streams: int = 500
    history_points: int = 20_000
    history_tags: int = 50
    history_days: int = 3_660


@dataclass(frozen=True, slots=True)
class LiveConfig:
    """The live streams' bounds: the ring's memory over all plants and age, each subscriber's queue, pauses in s."""

    ring_bytes: int = 256 * 1024 * 1024
    ring_us: int = 3_600_000_000
    queue_events: int = 128
    heartbeat_s: float = 5.0
    stale_after_s: float = 5.0
    first_state_wait_s: float = 5.0


@dataclass(frozen=True, slots=True)
class TicketConfig:
    """The tickets that open live streams: the secret that signs them and how long they hold, in seconds.

    An open stream sends a fresh one every `renew_s`, until `longest_s` after the first.
    """

    secret: str = field(repr=False)
    lifetime_s: int = 60
    renew_s: float = 30.0
    longest_s: int = 43_200


@dataclass(frozen=True, slots=True)
class ApiConfig:
    """Everything that `create_app` needs; `demo` allows the secrets that the demo made itself."""

    kafka: KafkaConfig
    database: DatabaseConfig
    keys_file: Path
    tickets: TicketConfig
    dashboard_origins: tuple[str, ...] = ()
    demo: bool = False
    limits: LimitsConfig = LimitsConfig()
    live: LiveConfig = LiveConfig()
    acknowledgement_s: float = 5.0
    query_s: float = 15.0

    def check(self) -> None:
        """Refuse secrets that are short or come from an example, outside the demo.

        Raises
        ------
        ApiConfigError
            Naming the secret.
        """
        if self.demo:
            return
        if len(self.tickets.secret) < SHORTEST_SECRET or is_placeholder(self.tickets.secret):
            raise ApiConfigError(
                f"the ticket secret is a placeholder or shorter than {SHORTEST_SECRET} characters",
                remedy="set ATLAS_TICKET_SECRET to a random text, such as 'openssl rand -hex 32' prints",
            )


def is_placeholder(secret: str) -> bool:
    """Whether a secret looks like one that was to be replaced."""
    lowered = secret.lower().replace("-", "").replace("_", "")
    return len(set(lowered)) < 4 or any(word in lowered for word in _PLACEHOLDERS)
