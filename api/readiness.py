"""Whether what the API needs is there."""

import asyncio
from typing import Final

from api.ports import DatabaseAwayError, PlantRecords

_PATIENCE_S: Final = 2.0


async def answers_ping(records: PlantRecords) -> bool:
    """Whether the database answers within two seconds."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await records.ping()
    except (DatabaseAwayError, TimeoutError):
        return False
    return True
