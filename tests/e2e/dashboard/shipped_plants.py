"""The plants that ship, as the fake API serves them: their own tags and drawings, invented values."""

from datetime import UTC, datetime
from typing import Any

from fake_plants import BAD, UNCERTAIN, FakePlant, FakeTag

from api.portfolio_view import describe
from twin.atlas.definition import parse
from twin.atlas.graphic import draw
from twin.atlas.plant import Plant
from twin.atlas.portfolio_file import parse_portfolio
from twin.atlas.portfolio_graphic import draw_portfolio
from twin.atlas.tag_definition import TagDefinition
from twin.plants import portfolio_text, simulated_names, text


def shipped_plants() -> tuple[FakePlant, ...]:
    """Each shipped plant with its drawing; a few of its tags are made doubtful on purpose."""
    return tuple(_fake(parse(text(name), name)) for name in simulated_names())


def shipped_portfolio() -> tuple[dict[str, Any], str]:
    """The demo's portfolio as the API tells and draws it."""
    known = {name: parse(text(name), name) for name in simulated_names()}
    portfolio, today = parse_portfolio(portfolio_text("demo"), known), datetime.now(UTC).date()
    return describe(portfolio, 1, today).model_dump(mode="json"), draw_portfolio(portfolio, today)


def _fake(plant: Plant) -> FakePlant:
    tags = tuple(_tag(tag, k) for k, tag in enumerate(plant.tags))
    return FakePlant(plant.id, plant.name, plant.time_zone, tags, "Feed gets colder", drawing=draw(plant))


def _tag(tag: TagDefinition, k: int) -> FakeTag:
    limits = {name: getattr(tag.limits, name) for name in ("low_low", "low", "high", "high_high")}
    given = {name: value for name, value in limits.items() if value is not None}
    low, high = given.get("low", tag.low), given.get("high", tag.high)
    base, swing = (0.0, 0.0) if tag.states else ((low + high) / 2, (high - low) * (0.62 if k % 9 == 5 else 0.1))
    return FakeTag(
        tag.name, tag.description, tag.unit, tag.low, tag.high, base, swing, tag.decimals, given, tag.equipment,
        tag.kind, tag.states, {11: UNCERTAIN, 23: BAD}.get(k, 0), k == 17,
    )  # fmt: skip
