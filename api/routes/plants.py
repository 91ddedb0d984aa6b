"""The plants, and one plant's equipment, process streams and tags."""

from api import overview, problems
from api.auth import EVERYONE
from api.guard import permits
from api.plant_directory import PlantFile
from api.routing import answers, guarded_router
from api.schemas import PlantDetail, PlantList, TagDescription, TagLimits
from api.services import Using
from stream.store.plants import StoredPlant
from twin.atlas.tags import Tag, TagTable

router = guarded_router("plants")


@router.get("/v1/plants", responses=answers(problems.DATABASE_AWAY))
@permits(EVERYONE)
async def list_plants(services: Using) -> PlantList:
    """All plants with their condition, as the overview shows them."""
    now_us = services.now_us()
    stale_after_s = services.config.live.stale_after_s
    found = []
    for stored in await services.plants.list():
        live = services.states.find(stored.plant)
        tags = 0 if live is not None and live.known else len(await services.plants.table_of(stored))
        found.append(overview.describe(stored, live, now_us, stale_after_s, tags))
    return PlantList(plants=found)


@router.get("/v1/plants/{plant}", responses=answers(problems.UNKNOWN_PLANT, problems.DATABASE_AWAY))
@permits(EVERYONE)
async def describe_plant(plant: str, services: Using) -> PlantDetail:
    """One plant: what it consists of, and its tags with units, ranges and limits."""
    stored = await services.plants.find(plant)
    table = await services.plants.table_of(stored)
    return _detail(stored, table, await services.plants.file_of(stored))


def _detail(stored: StoredPlant, table: TagTable, file: PlantFile) -> PlantDetail:
    return PlantDetail(
        id=stored.plant,
        name=stored.name,
        time_zone=table.content.time_zone,
        revision=stored.revision,
        tag_table=stored.tag_table,
        equipment=file.equipment,
        streams=file.streams,
        tags=[_tag(tag) for tag in table.tags],
    )


def _tag(tag: Tag) -> TagDescription:
    limits = tag.limits
    return TagDescription(
        name=tag.name,
        description=tag.description,
        unit=tag.unit,
        low=tag.low,
        high=tag.high,
        decimals=tag.decimals,
        limits=TagLimits(
            low_low=limits.low_low,
            low=limits.low,
            high=limits.high,
            high_high=limits.high_high,
            deadband=limits.deadband,
        ),
        equipment=tag.equipment,
        kind=tag.kind,
        states=list(tag.states),
    )
