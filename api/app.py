"""The API over Kafka and the database."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from api.assembly import assemble
from api.config import ApiConfig
from api.kafka_inbox import KafkaInbox, KafkaReadingLog
from api.plant_file import read_plant_file
from api.services import Backends, build_services
from api.store_jobs import StoreJobs
from api.store_records import StoreRecords
from api.store_units import StoreUnits


def create_app(config: ApiConfig) -> FastAPI:
    """The API; nothing is opened before its lifespan starts, and it starts without Kafka and database.

    Raises
    ------
    ApiConfigError
        Where the keys file or a secret may not be used.
    """
    config.check()
    records = StoreRecords(config.database, config.query_s)
    units = StoreUnits(config.database)
    inbox = KafkaInbox(config.kafka, config.acknowledgement_s)
    log = KafkaReadingLog(config.kafka)
    jobs = StoreJobs(config.database)
    services = build_services(config, Backends(records, inbox, log, read_plant_file, units.begin, jobs))

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        feed = asyncio.create_task(services.feed.run(), name="atlas-api-feed")
        try:
            yield
        finally:
            services.states.close()
            feed.cancel()
            await asyncio.gather(feed, return_exceptions=True)
            for backend in (records, units, inbox, log, jobs):
                await backend.close()

    return assemble(services, lifespan)
