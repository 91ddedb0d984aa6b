"""What the API tells of a plant's estimate: in the tags' units, with ranges, or why there is none."""

from typing import Any

import msgspec
import pytest

from api.estimate_schemas import PlantEstimate
from stream.envelope import EstimatedQuantity, EstimateTold
from twin.atlas.tags import LiveModel, Tag, TagTable

NOW_US = 1_795_478_400_000_000
ABSENT = (None, None, None, [], [])


def quantity(name: str, unit: str, mean: float, spread: float, nominal: float) -> EstimatedQuantity:
    return EstimatedQuantity(
        name=name, description=f"what {name} is", unit=unit, mean=mean, spread=spread, nominal=nominal
    )


TOLD = EstimateTold(
    title="Reactor model",
    time=NOW_US - 5_000_000,
    begun=NOW_US - 900_000_000,
    since=NOW_US - 60_000_000,
    learning=False,
    explains=False,
    sentence="The model does not explain the plant.",
    unexplained=("FIC-101.PV",),
    unknowns=(
        quantity("activity", "dimensionless", 0.98, 0.004, 1.0),
        quantity("feed_temperature", "K", 333.15, 0.1, 333.15),
    ),
    outputs=(
        quantity("TIC-101.PV", "K", 353.15, 0.1, 350.0),
        quantity("FIC-101.PV", "kg/s", 1.8, 0.0, 1.8),
        quantity("KI-901", "min", 1.0, 0.1, 1.0),
    ),
)


def table_with(table_of: Any, **changes: Any) -> TagTable:
    """The usual table, with a tag that shows the feed's temperature in degC, and a setpoint."""
    made: TagTable = table_of()
    shown = Tag(
        tag_id=1, name="TY-1.PV", description="Feed", unit="degC", low=0, high=100, decimals=1, kind="derived",
        estimate="feed_temperature",
    )  # fmt: skip
    tags = [
        msgspec.structs.replace(tag, kind="setpoint") if tag.name == "KI-901" else tag for tag in (*made.tags, shown)
    ]
    return TagTable.of(msgspec.structs.replace(made.content, tags=tuple(tags), **changes))


def said(plant: Any, change: Any, table: TagTable, told: EstimateTold | None, offset: int, full: bool = False) -> None:
    record = msgspec.structs.replace(change(table, {"TIC-101.PV": 80.2}, offset=offset, full=full), estimate=told)
    plant.services.states.apply(record, table)


async def asked(viewer: Any) -> PlantEstimate:
    answer = await viewer.get("/v1/plants/reactor/estimate")
    assert answer.status_code == 200
    return PlantEstimate.model_validate_json(answer.content)


async def test_estimate_is_told_in_the_units_of_the_tags_that_show_it(
    plant: Any, viewer: Any, change: Any, table_of: Any
) -> None:
    said(plant, change, table_with(table_of), TOLD, offset=1)
    estimate = await asked(viewer)
    assert (estimate.model, estimate.reason, estimate.log_time) == ("Reactor model", None, TOLD.time)
    assert estimate.time is not None
    assert estimate.time.endswith("+01:00")
    assert estimate.verdict is not None
    assert (estimate.verdict.ok, estimate.verdict.since, estimate.verdict.unexplained) == (
        False, TOLD.since, ["FIC-101.PV"],
    )  # fmt: skip
    activity, feed = estimate.unknowns
    assert (activity.tag, activity.unit, activity.decimals, activity.usual) == ("", "dimensionless", 4, 1.0)
    assert (activity.low, activity.high) == pytest.approx((0.98 - 1.645 * 0.004, 0.98 + 1.645 * 0.004))
    assert (feed.tag, feed.unit, feed.decimals, feed.measured) == ("TY-1.PV", "degC", 1, None)
    assert (feed.value, feed.low, feed.usual) == pytest.approx((60.0, 60.0 - 0.1645, 60.0))


async def test_soft_sensors_stand_beside_what_is_measured_and_settings_are_none_of_them(
    plant: Any, viewer: Any, change: Any, table_of: Any
) -> None:
    said(plant, change, table_with(table_of), TOLD, offset=1)
    temperature, flow = (await asked(viewer)).soft_sensors
    assert (temperature.tag, temperature.unit, temperature.measured) == ("TIC-101.PV", "degC", 80.2)
    assert temperature.value == pytest.approx(80.0)
    assert (flow.tag, flow.measured, flow.low) == ("FIC-101.PV", None, 1.8)


async def test_why_there_is_no_estimate_is_told(plant: Any, viewer: Any, change: Any, table_of: Any) -> None:
    def reason(estimate: PlantEstimate) -> str | None:
        told = (estimate.verdict, estimate.log_time, estimate.time, estimate.unknowns, estimate.soft_sensors)
        assert told == ABSENT
        return estimate.reason

    assert "No value" in str(reason(await asked(viewer)))
    said(plant, change, table_with(table_of), None, offset=1)
    assert "names no process model" in str(reason(await asked(viewer)))
    modelled = table_with(table_of, model=LiveModel(process_model="x", plan={}))
    said(plant, change, modelled, None, offset=2)
    assert "begins" in str(reason(await asked(viewer)))
    said(plant, change, modelled, EstimateTold(reason="the simulator is not installed"), offset=3)
    assert reason(await asked(viewer)) == "the simulator is not installed"


async def test_late_and_repeated_records_leave_the_newest_estimate(
    plant: Any, viewer: Any, change: Any, table_of: Any
) -> None:
    table = table_with(table_of)
    said(plant, change, table, TOLD, offset=5)
    said(plant, change, table, msgspec.structs.replace(TOLD, title="old"), offset=4)
    said(plant, change, table, None, offset=6)
    assert (await asked(viewer)).model == "Reactor model"
    said(plant, change, table, None, offset=7, full=True)
    assert (await asked(viewer)).model == ""


async def test_estimate_of_a_plant_that_is_not_there_is_a_problem(viewer: Any) -> None:
    assert (await viewer.get("/v1/plants/nowhere/estimate")).status_code == 404
