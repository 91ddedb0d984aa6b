"""The plants that may be pushed to, as far as is known, and asking again before anything is refused as unknown."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connectors.port import Sink
from twin.atlas.tags import TagTable

PATIENCE_S: Final = 30.0
"""How long an unknown plant or tag holds up its partition of the inbox at most (as rule tag-tables has it)."""


@dataclass(frozen=True)
class PushedPlant:
    """A plant's tags, and where its readings go by source; `twin.atlas.tag_definition.PUSH` is always among these."""

    table: TagTable
    sinks: Mapping[str, Sink]


class PushedPlants:
    """Plants by id. Whoever asks the API for them waits for `wanted`, and says `answered` after each answer."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self.wanted = asyncio.Event()
        self._patience_s = patience_s
        self._plants: dict[str, PushedPlant] = {}
        self._asked_at = float("-inf")
        self._news = asyncio.Event()

    def add(self, plant: str, pushed: PushedPlant) -> None:
        """Take up a plant, or its new revision."""
        self._plants[plant] = pushed
        self._tell()

    def find(self, plant: str) -> PushedPlant | None:
        """The plant, or None where it is not known."""
        return self._plants.get(plant)

    def answered(self, asked_at: float) -> None:
        """What was asked at this time of the event loop, s, has been answered and taken up."""
        self._asked_at = asked_at
        self._tell()

    async def any_known(self) -> None:
        """Return once there is a plant: before that, every record would be an unknown plant's."""
        while not self._plants:
            await self._news.wait()

    async def asked_since(self, since: float) -> None:
        """Return once the API has been asked after `since` (event loop, s) and has answered, or patience ends."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(since + self._patience_s):
                while self._asked_at < since:
                    self.wanted.set()
                    await self._news.wait()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()
