"""Options of an OPC UA source: what a plant file may say under `options`, with its defaults."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from connectors.errors import SourceOptionsError

Count = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=86_400)]
Policy = Literal["", "none", "Basic256Sha256", "Aes128Sha256RsaOaep", "Aes256Sha256RsaPss"]


class OpcUaOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to speak with one OPC UA server.

    `publishing_ms` and `sampling_ms` are asked of the server (-1 lets it sample at the publishing interval, 0 as fast
    as it can); `queue_size` values of a tag are kept by the server between two publications and during an outage of
    the line. The subscription lives `lifetime_s` without a client, and says that it lives every `keepalive_s`.
    `requests_waiting` publish requests lie at the server at once. `items_per_call` bounds calls that create monitored
    items; the server's own limit wins where it is lower.

    `history_hours` reach back at the first start; `overlap_s` is read again before the last known reading, and
    `history_values` of each of `history_tags` tags are asked for at a time.

    `security` is a policy's name or `none`; empty means none on loopback and Basic256Sha256 elsewhere. Paths name
    files; secrets are never options themselves.
    """

    publishing_ms: Annotated[float, msgspec.Meta(ge=10, le=600_000)] = 500.0
    sampling_ms: Annotated[float, msgspec.Meta(ge=-1, le=600_000)] = 250.0
    queue_size: Count = 120
    keepalive_s: Seconds = 5.0
    lifetime_s: Seconds = 300.0
    session_timeout_s: Seconds = 300.0
    requests_waiting: Annotated[int, msgspec.Meta(ge=1, le=20)] = 3
    items_per_call: Count = 100
    timeout_s: Seconds = 10.0
    retry_nodes_s: Seconds = 60.0

    history_hours: Annotated[float, msgspec.Meta(ge=0, le=87_600)] = 24.0
    overlap_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 10.0
    history_values: Count = 1_000
    history_tags: Count = 10

    security: Policy = ""
    mode: Literal["Sign", "SignAndEncrypt"] = "SignAndEncrypt"
    certificate: str = ""
    private_key: str = ""
    trusted: str = ""
    username: str = ""
    password_file: str = ""
    user_certificate: str = ""
    user_private_key: str = ""

    @property
    def keepalive_count(self) -> int:
        """Publishing intervals without news after which the server says that it lives."""
        return max(1, round(self.keepalive_s * 1000 / self.publishing_ms))

    @property
    def lifetime_count(self) -> int:
        """Publishing intervals without a client that the subscription outlives; at least three keep-alives."""
        return max(3 * self.keepalive_count, round(self.lifetime_s * 1000 / self.publishing_ms))


def parse_options(source: str, options: Mapping[str, Any]) -> OpcUaOptions:
    """Check a source's options.

    Raises
    ------
    SourceOptionsError
        Where one is unknown, of the wrong type or out of range, or a secret's other half is missing.
    """
    try:
        parsed = msgspec.convert(dict(options), OpcUaOptions, strict=False)
    except msgspec.ValidationError as error:
        known = ", ".join(OpcUaOptions.__struct_fields__)
        raise SourceOptionsError(f"source {source}: {error}; the options are {known}") from error
    for one, other in (
        ("certificate", "private_key"),
        ("private_key", "certificate"),
        ("user_certificate", "user_private_key"),
        ("user_private_key", "user_certificate"),
        ("password_file", "username"),
        ("username", "password_file"),
    ):
        if getattr(parsed, one) and not getattr(parsed, other):
            raise SourceOptionsError(f"source {source}: {one} is given without {other}; give both or neither")
    return parsed
