"""Tickets: short-lived, signed proofs that let a browser open a live stream, where it cannot send a key."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable

import msgspec

from api.config import TicketConfig


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """What a ticket says: whose key it came from, for which plant ("" for all), until when it opens and renews, s."""

    owner: str
    plant: str
    expires: int
    renewable_until: int

    def opens(self, plant: str) -> bool:
        """Whether it is for this plant."""
        return self.plant in ("", plant)


class Tickets:
    """Issues and reads tickets; `now_us` is the clock, microseconds."""

    def __init__(self, config: TicketConfig, now_us: Callable[[], int]) -> None:
        self.config = config
        self._secret = config.secret.encode()
        self._now_us = now_us

    def issue(self, owner: str, plant: str) -> str:
        """A fresh ticket for a plant, or for all where `plant` is empty."""
        now = self._now_us() // 1_000_000
        return self._sign(Ticket(owner, plant, now + self.config.lifetime_s, now + self.config.longest_s))

    def renew(self, ticket: Ticket) -> str | None:
        """A ticket that goes on from one which opened a stream; None where that is too long ago."""
        now = self._now_us() // 1_000_000
        if now >= ticket.renewable_until:
            return None
        expires = min(now + self.config.lifetime_s, ticket.renewable_until)
        return self._sign(msgspec.structs.replace(ticket, expires=expires))

    def read(self, text: str) -> Ticket | None:
        """What a ticket says; None where it is forged, broken or over."""
        content, _, signature = text.partition(".")
        if not hmac.compare_digest(self._signature(content), signature.encode("utf-8", "surrogateescape")):
            return None
        try:
            padded = content + "=" * (-len(content) % 4)
            ticket = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=Ticket)
        except (binascii.Error, ValueError, msgspec.MsgspecError):
            return None
        return ticket if self._now_us() < ticket.expires * 1_000_000 else None

    def _sign(self, ticket: Ticket) -> str:
        content = base64.urlsafe_b64encode(msgspec.json.encode(ticket)).rstrip(b"=").decode()
        return f"{content}.{self._signature(content).decode()}"

    def _signature(self, content: str) -> bytes:
        digest = hmac.new(self._secret, b"live:" + content.encode("utf-8", "surrogateescape"), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=")
