"""Server-sent events: frames of the live stream, and the stream itself.

Source: WHATWG HTML, section 9.2 (server-sent events).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import orjson

from api.live_state import LivePlant
from api.subscription import Subscription

MEDIA_TYPE: Final = "text/event-stream"
HEADERS: Final = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
OPENING: Final = b"retry: 2000\n\n"
HEARTBEAT: Final = b": still here\n\n"
_CHANGES_AT_ONCE: Final = 20


async def stream_plant(
    plant: LivePlant,
    last_id: str | None,
    heartbeat_s: float,
    renewal: Callable[[], bytes] | None = None,
) -> AsyncIterator[bytes]:
    """The bytes of one live stream without end.

    Parameters
    ----------
    plant
        Whose events.
    last_id
        The reader's last event; where what came after it isn't known, the full state comes first.
    heartbeat_s
        The longest silence, seconds.
    renewal
        Asked at every frame and heartbeat for a fresh ticket's frame; empty where none is due.
    """
    # Subscribed here and not by the caller, so that a stream that is never read leaves nothing behind.
    subscription, missed = plant.subscribe(last_id)
    try:
        yield OPENING
        if missed is None:
            subscription.restart()
        else:
            for start in range(0, len(missed), _CHANGES_AT_ONCE):
                yield b"".join(plant.frame_of(change) for change in missed[start : start + _CHANGES_AT_ONCE])
                await asyncio.sleep(0)
        while True:
            woken = await subscription.wait(heartbeat_s)
            if subscription.closed:
                return
            frames = _next_frames(plant, subscription) if woken else HEARTBEAT
            if renewal is not None:
                frames += renewal()
            if frames:
                yield frames
    finally:
        plant.unsubscribe(subscription)


def _next_frames(plant: LivePlant, subscription: Subscription) -> bytes:
    if not subscription.behind:
        return subscription.take()
    subscription.take()
    if not plant.known:
        return b""  # No value has come yet; its first event is the full state.
    subscription.behind = False
    return plant.reset_frame()


def encode_event(kind: str, content: Any, event_id: str = "") -> bytes:
    """One event's frame; JSON holds no line ends, so its data is one line."""
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {kind}\ndata: ".encode() + orjson.dumps(content) + b"\n\n"
