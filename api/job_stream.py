"""A job's progress as server-sent events: `progress` again and again, `curves` once there are some, `end` at last.

The id of each event is the number of the progress, from which a broken stream goes on.
"""

import asyncio
from collections.abc import AsyncIterator

from api.ports import DatabaseAwayError
from api.sse import HEARTBEAT, OPENING, encode_event
from stream.jobs.job import OVER, Progress


async def stream_job(told: AsyncIterator[Progress], heartbeat_s: float) -> AsyncIterator[bytes]:
    """The bytes of one stream, which ends with the job, or where the database goes away.

    Parameters
    ----------
    told
        What happens to the job.
    heartbeat_s
        The longest silence, seconds.
    """
    frames: asyncio.Queue[bytes] = asyncio.Queue()
    reading = asyncio.create_task(_read(told, frames))
    try:
        yield OPENING
        while True:
            try:
                async with asyncio.timeout(heartbeat_s):
                    frame = await frames.get()
            except TimeoutError:
                frame = HEARTBEAT
            if not frame:
                return
            yield frame
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _read(told: AsyncIterator[Progress], frames: asyncio.Queue[bytes]) -> None:
    try:
        async for progress in told:
            await frames.put(_frame(progress))
    except DatabaseAwayError:
        pass  # the reader comes back with the last number that it saw
    finally:
        await frames.put(b"")


def _frame(progress: Progress) -> bytes:
    content = {"done": round(progress.done, 4), "message": progress.message, "state": progress.state}
    frame = encode_event("progress", content, str(progress.seq))
    if progress.partial is not None:
        frame += encode_event("curves", {}, str(progress.seq))
    if progress.state in OVER:
        frame += encode_event("end", {"state": progress.state}, str(progress.seq))
    return frame
