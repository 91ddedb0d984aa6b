"""What the routes work with, made once by `create_app`."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from api.auth import Keys
from api.config import ApiConfig
from api.limits import RateLimiter
from api.live_state import LiveStates
from api.plant_directory import PlantDirectory, PlantFile
from api.ports import Inbox, JobFollower, PlantRecords, ReadingLog
from api.tickets import Tickets
from api.twin_feed import TwinFeed
from stream.jobs.plant_model import PlantModel, plant_model
from stream.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Backends:
    """What stands behind the ports."""

    records: PlantRecords
    inbox: Inbox
    log: ReadingLog
    read_file: Callable[[str], PlantFile]
    unit_of_work: Callable[[], UnitOfWork]
    jobs: JobFollower
    models: Callable[[str], PlantModel] = plant_model


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that an endpoint may use; `now_us` is the clock, microseconds UTC.

    `unit_of_work` makes a unit for one command or question; it raises `DatabaseAwayError` where none can begin.
    `models` reads a plant's process model out of its definition, and may take a moment.
    """

    config: ApiConfig
    keys: Keys
    tickets: Tickets
    requests: RateLimiter
    refusals: RateLimiter
    states: LiveStates
    feed: TwinFeed
    plants: PlantDirectory
    records: PlantRecords
    inbox: Inbox
    log: ReadingLog
    unit_of_work: Callable[[], UnitOfWork]
    jobs: JobFollower
    models: Callable[[str], PlantModel]
    now_us: Callable[[], int]


def build_services(config: ApiConfig, backends: Backends, now_us: Callable[[], int] | None = None) -> Services:
    """The services over some backends; nothing is opened yet."""
    clock = now_us or wall_clock_us
    states = LiveStates(config.live)
    limits = config.limits
    return Services(
        config=config,
        keys=Keys(config.keys_file, clock, demo=config.demo),
        tickets=Tickets(config.tickets, clock),
        requests=RateLimiter(limits.requests_per_s, limits.burst, clock),
        refusals=RateLimiter(limits.refusals_per_min / 60, limits.refusals_per_min, clock),
        states=states,
        feed=TwinFeed(config.kafka, states, backends.records),
        plants=PlantDirectory(backends.records, clock, backends.read_file),
        records=backends.records,
        inbox=backends.inbox,
        log=backends.log,
        unit_of_work=backends.unit_of_work,
        jobs=backends.jobs,
        models=backends.models,
        now_us=clock,
    )


def wall_clock_us() -> int:
    """Microseconds since 1970 UTC."""
    return time.time_ns() // 1000


def services_of(request: Request) -> Services:
    """The services of the app that the request came to."""
    return cast(Services, request.app.state.services)


Using = Annotated[Services, Depends(services_of)]
"""An endpoint's parameter for the services."""
