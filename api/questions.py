"""Questions of one kind, as their routes share them: stored as jobs, found again, and read as reports."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from fastapi import Request

from api import audit, problems, simulation_view
from api.problems import Problem
from api.services import Services
from api.simulation_schemas import NewSimulation, Simulation, SimulationList
from stream.handlers.ask import AskWhatIf, ask_what_if
from stream.handlers.event import utc_now
from stream.jobs.job import JobRecord
from stream.jobs.question import Position, PositionError
from stream.jobs.report import Report

_log = logging.getLogger(__name__)

MOST_WAITING: Final = 50
"""Questions of a kind that may wait for an answer at once, of all plants."""


@dataclass(frozen=True, slots=True)
class Questions:
    """Those of one kind of job, whose address ends with `resource`."""

    kind: str
    resource: str

    async def ask(self, services: Services, plant: str, body: NewSimulation, request: Request, key: str) -> Simulation:
        """Store a question from a position that the log holds, once for each key of its caller."""
        await services.plants.find(plant)
        command = AskWhatIf(
            kind=self.kind,
            plant=plant,
            changes=tuple(body.changes),
            horizon=body.horizon,
            every=body.every,
            position=_position(services, plant, body.position),
            key=key,
            by=audit.name_of_caller(request),
        )
        await self._demand_room(services)
        events = await ask_what_if(command, services.unit_of_work(), models=services.models)
        audit.log_events(events)
        return simulation_view.simulation(await self.find(services, plant, events[0].job))

    async def list(self, services: Services, plant: str, limit: int) -> SimulationList:
        """The newest, newest first."""
        await services.plants.find(plant)
        async with services.unit_of_work() as unit:
            found = await unit.jobs.list(plant=plant, kind=self.kind, limit=limit)
        return SimulationList(simulations=[simulation_view.simulation(record) for record in found])

    async def find(self, services: Services, plant: str, job: int) -> JobRecord:
        """One of a plant's; 404 where it is none of this kind."""
        async with services.unit_of_work() as unit:
            record = await unit.jobs.find(job)
        if record is None or record.request.kind != self.kind or record.request.plant != plant:
            raise self._unknown(plant, job)
        return record

    async def cancel(self, services: Services, plant: str, job: int, request: Request) -> Simulation:
        """End one for good; one that is answered stays as it is."""
        await self.find(services, plant, job)
        by = audit.name_of_caller(request)
        async with services.unit_of_work() as unit:
            record = await unit.jobs.cancel(job, utc_now(), by)
            await unit.commit()
        if record is None:
            raise self._unknown(plant, job)
        _log.info("question %d of %s cancelled by %s", job, plant, by)
        return simulation_view.simulation(record)

    async def report(self, services: Services, plant: str, job: int, *, drafts: bool = True) -> Report:
        """The report of a question, or its newest draft.

        Raises
        ------
        Problem
            404 where there is no such question, 409 where it has no report, with the reason.
        """
        record = await self.find(services, plant, job)
        if record.state == "done":
            return await asyncio.to_thread(Report.model_validate, record.result)
        if drafts and not record.over:
            async with services.unit_of_work() as unit:
                draft = simulation_view.newest_draft(await unit.jobs.progress(record.id))
            if draft is not None:
                return draft
        told = f"The question {job} has no report yet: it is {record.state} ({record.message})."
        detail = simulation_view.simulation(record).error or told
        raise Problem(problems.NO_REPORT, detail, headers={} if record.over else {"Retry-After": "1"})

    async def _demand_room(self, services: Services) -> None:
        async with services.unit_of_work() as unit:
            waiting = await unit.jobs.list(kind=self.kind, state="waiting", limit=MOST_WAITING)
        if len(waiting) >= MOST_WAITING:
            detail = f"{len(waiting)} questions wait for their answer."
            raise Problem(problems.TOO_MANY_QUESTIONS, detail, headers={"Retry-After": "10"})

    def _unknown(self, plant: str, job: int) -> Problem:
        remedy = f"GET .../{self.resource} lists the questions that were asked."
        return Problem(problems.UNKNOWN_SIMULATION, f"The plant '{plant}' was asked no question {job}.", remedy=remedy)


def _position(services: Services, plant: str, given: str | None) -> str:
    """The position asked for, or that of the newest state; one that is not in the present log is refused here."""
    live = services.states.find(plant)
    if live is None or not live.known:
        raise Problem(problems.NOT_READY, f"No value of {plant!r} has come yet.", headers={"Retry-After": "5"})
    if given is None:
        return live.event_id
    position = Position.parse(given)
    if position.incarnation != live.incarnation or position.offset > live.offset:
        remedy = "take the id of a newer state, or leave it out"
        raise PositionError(f"'{given}' is no state of the present log", remedy=remedy)
    return str(position)
