"""How the client reaches the API."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """Address and key of the API, and the client's patience in seconds.

    `attempts` counts tries of an idempotent request; `silence_s` is how long a live stream may say nothing (the API
    writes a comment every 5 s) before it is taken for dead.
    """

    address: str
    api_key: str = field(repr=False, default="")
    timeout_s: float = 10.0
    attempts: int = 3
    silence_s: float = 15.0

    @property
    def headers(self) -> dict[str, str]:
        """Headers that every request carries."""
        return {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
