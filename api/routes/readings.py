"""Readings brought in over HTTP."""

from api import new_readings, problems
from api.auth import OPERATORS, Role
from api.guard import permits
from api.ports import InboxAwayError, RecordTooLargeError
from api.problems import Problem
from api.routing import answers, guarded_router
from api.schemas import Accepted, NewReadings
from api.services import Using

router = guarded_router("values")


@router.post(
    "/v1/plants/{plant}/readings",
    status_code=202,
    responses=answers(
        problems.UNKNOWN_PLANT, problems.INVALID, problems.TOO_LARGE, problems.KAFKA_AWAY, problems.DATABASE_AWAY
    ),
)
@permits(OPERATORS | {Role.INGEST})
async def record_readings(plant: str, body: NewReadings, services: Using) -> Accepted:
    """Take all of the readings or none; answered once the broker has them. Repeating a request does no harm."""
    if len(body.readings) > services.config.limits.readings:
        raise Problem(
            problems.TOO_LARGE,
            f"{len(body.readings)} readings are more than the {services.config.limits.readings} of one request.",
        )
    stored = await services.plants.find(plant)
    table = await services.plants.table_of(stored)
    content = new_readings.encode(plant, body.readings, table, services.now_us())
    try:
        await services.inbox.put(stored.number, content)
    except RecordTooLargeError as error:
        raise Problem(problems.TOO_LARGE, "The broker would refuse a record of this size.") from error
    except InboxAwayError as error:
        raise Problem(problems.KAFKA_AWAY, f"{error.message}.", headers={"Retry-After": "5"}) from error
    return Accepted(accepted=len(body.readings))
