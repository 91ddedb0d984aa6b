"""The typed client of the API: what dashboards, commands and other programs use. It needs httpx and pydantic only.

with PlantClient(ClientConfig("http://127.0.0.1:8000", api_key="...")) as client:
    for tag in client.state("williams-otto").tags:
        print(tag.name, tag.value, tag.unit)
"""

from api.client.answers import TaggedPrices, TaggedText
from api.client.async_plant_client import AsyncPlantClient
from api.client.config import ClientConfig
from api.client.errors import (
    ApiAnswerError,
    ApiClientError,
    ApiUnreachableError,
    ConflictError,
    NotAllowedError,
    NotFoundError,
    RejectedError,
    ServiceError,
    TooManyRequestsError,
    UnreadableAnswerError,
)
from api.client.live_events import LiveEvent, LiveTag
from api.client.plant_client import PlantClient

__all__ = [
    "ApiAnswerError",
    "ApiClientError",
    "ApiUnreachableError",
    "AsyncPlantClient",
    "ClientConfig",
    "ConflictError",
    "LiveEvent",
    "LiveTag",
    "NotAllowedError",
    "NotFoundError",
    "PlantClient",
    "RejectedError",
    "ServiceError",
    "TaggedPrices",
    "TaggedText",
    "TooManyRequestsError",
    "UnreadableAnswerError",
]
