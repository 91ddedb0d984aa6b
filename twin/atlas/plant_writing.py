"""From a plant to the plain values of a plant file: what `plant_reading` reads as the same plant again."""

from datetime import UTC, datetime
from typing import Any, Final

from twin.atlas.areas import Area
from twin.atlas.chemistry_writing import write_composition, write_compounds, write_reactions
from twin.atlas.equipment import Equipment, Instrument, Point
from twin.atlas.parameters import Parameters
from twin.atlas.plant import Plant, ScanTimes
from twin.atlas.plant_file import EARLIEST, VERSION
from twin.atlas.plant_reading import usual_stale_s
from twin.atlas.policy_writing import write_policies
from twin.atlas.prices import PriceBook
from twin.atlas.quantities import Quantity
from twin.atlas.streams import MaterialStream, ProcessStream
from twin.atlas.tag_definition import Source, TagDefinition

_LIMITS: Final = ("low_low", "low", "high", "high_high")


def write_plant(plant: Plant) -> dict[str, Any]:
    """Every key of the plant's file with its plain value, in the usual order; what says nothing new is left out."""
    location = {"enterprise": plant.location.enterprise, "site": plant.location.site}
    only = plant.sources[0].name if len(plant.sources) == 1 else ""
    return {
        "atlas": VERSION,
        "plant": plant.id,
        "name": plant.name,
        **_given(description=plant.description),
        "time_zone": plant.time_zone,
        **_given(history_from=_history(plant.scan), location=_given(**location)),
        "scan": _scan(plant.scan),
        "sources": [_source(source) for source in plant.sources],
        **_given(
            areas=[_area(area) for area in plant.areas],
            compounds=write_compounds(plant.chemistry.compounds),
            reactions=write_reactions(plant.chemistry.reactions),
            equipment=[_equipment(item) for item in plant.equipment],
            streams=[_stream(stream) for stream in plant.streams],
            prices=_prices(plant.prices),
            policies=write_policies(plant.policies),
            model=plant.model.model_dump(mode="json", exclude_defaults=True) if plant.model else None,
        ),
        "tags": [_tag(tag, only) for tag in plant.tags],
    }


def _given(**values: Any) -> dict[str, Any]:
    """Only what says something."""
    return {key: value for key, value in values.items() if value not in ("", (), [], {}, None)}


def _number(value: float) -> float | int:
    return int(value) if float(value).is_integer() and abs(value) < 1e15 else value


def _point(point: Point | None) -> list[float] | None:
    return None if point is None else [_number(each) for each in point]


def _history(scan: ScanTimes) -> str | None:
    whole, micro = divmod(scan.history_from_us, 1_000_000)
    since = datetime.fromtimestamp(whole, UTC).replace(microsecond=micro)
    if since == datetime(EARLIEST.year, EARLIEST.month, EARLIEST.day, tzinfo=UTC):
        return None
    return since.date().isoformat() if since == datetime(*since.timetuple()[:3], tzinfo=UTC) else since.isoformat()


def _scan(scan: ScanTimes) -> dict[str, Any]:
    return {
        "period_s": _number(scan.period_us / 1e6),
        "grace_s": _number(scan.grace_us / 1e6),
        "silent_after_s": _number(scan.silent_after_us / 1e6),
    }


def _source(source: Source) -> dict[str, Any]:
    return {"name": source.name, "kind": source.kind, **_given(endpoint=source.endpoint, options=dict(source.options))}


def _area(area: Area) -> dict[str, Any]:
    return {"id": area.id, "name": area.name, **_given(units=[{"id": u.id, "name": u.name} for u in area.units])}


def _equipment(item: Equipment) -> dict[str, Any]:
    return {
        "id": item.id,
        "type": item.type.name,
        "name": item.name,
        **_given(
            area=item.area,
            unit=item.unit,
            measures=item.measures if isinstance(item, Instrument) else "",
            design=_design(item.design),
            modes=[] if item.modes == item.usual_modes else list(item.modes),
            at=_point(item.at),
        ),
    }


def _design(design: Parameters) -> dict[str, Any]:
    return {name: _value(value) for name, value in design.items()}


def _value(value: Quantity | str) -> str | float:
    if isinstance(value, str):
        return value
    return str(value) if value.unit.text.strip() else _number(value.value)


def _stream(stream: ProcessStream) -> dict[str, Any]:
    return {
        "name": stream.name,
        "from": str(stream.source),
        "to": str(stream.target),
        **_given(
            carries="" if stream.carries == "material" else stream.carries,
            composition=_composition(stream),
            description=stream.description,
            via=[_point(corner) for corner in stream.via],
        ),
    }


def _composition(stream: ProcessStream) -> dict[str, str]:
    mixture = stream.composition if isinstance(stream, MaterialStream) else None
    return write_composition(mixture) if mixture else {}


def _prices(book: PriceBook) -> list[dict[str, Any]]:
    return [_given(**entry) for entry in book.as_content()["entries"]]


def _tag(tag: TagDefinition, only_source: str) -> dict[str, Any]:
    usual = usual_stale_s(tag.kind, tag.states)
    return {
        "name": tag.name,
        "description": tag.description,
        **_given(unit=tag.unit),
        "range": [_number(tag.low), _number(tag.high)],
        **({} if tag.decimals == 2 else {"decimals": tag.decimals}),
        **_given(
            kind="" if tag.kind == "measured" else tag.kind,
            limits=_limits(tag),
            stale_after_s=None if tag.stale_after_s == usual else _number(tag.stale_after_s),
            equipment=tag.equipment,
            stream=tag.stream,
            source="" if tag.source == only_source else tag.source,
            address=tag.address,
            source_unit=tag.source_unit,
            expression=tag.expression,
            estimate=tag.estimate,
            states=list(tag.states),
            shown=_shown(tag),
        ),
    }


def _limits(tag: TagDefinition) -> dict[str, Any]:
    given = {key: _number(value) for key in _LIMITS if (value := getattr(tag.limits, key)) is not None}
    return given | ({"deadband": _number(tag.limits.deadband)} if tag.limits.deadband else {})


def _shown(tag: TagDefinition) -> bool | list[float] | None:
    if not tag.shown:
        return None
    return _point(tag.shown_at) or True
