"""One reader of a plant's live events: a bounded queue of ready-made frames that it shares with all others."""

import asyncio
from collections import deque
from typing import Final

from prometheus_client import Counter

OVERFLOWS: Final = Counter("atlas_api_slow_subscribers_total", "Live streams whose queue overflowed; each got a reset")


class Subscription:
    """The queue between the live state and one stream.

    A reader that falls behind loses its queue and gets the full state when it next asks, so that a slow screen costs
    a bounded number of references, whatever the plant does.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._frames: deque[bytes] = deque()
        self._woken = asyncio.Event()
        self.behind = False
        """Whether the reader must be given the full state next."""
        self.closed = False

    def __len__(self) -> int:
        return len(self._frames)

    def offer(self, frame: bytes) -> None:
        """Queue a frame for the reader."""
        if self.behind:
            return
        if len(self._frames) >= self._limit:
            OVERFLOWS.inc()
            self.restart()
            return
        self._frames.append(frame)
        self._woken.set()

    def restart(self) -> None:
        """Let the queue go; the reader gets the full state next."""
        self._frames.clear()
        self.behind = True
        self._woken.set()

    def close(self) -> None:
        """End the stream."""
        self.closed = True
        self._woken.set()

    async def wait(self, seconds: float) -> bool:
        """Wait until there is something; False where there was nothing for that long."""
        if not self._woken.is_set():
            try:
                async with asyncio.timeout(seconds):
                    await self._woken.wait()
            except TimeoutError:
                return False
        return True

    def take(self) -> bytes:
        """All frames that wait, in one piece."""
        self._woken.clear()
        if len(self._frames) == 1:
            return self._frames.popleft()
        taken = b"".join(self._frames)
        self._frames.clear()
        return taken
