"""What must hold between a plant's tags and its process model, as far as it can be told without the model."""

from collections.abc import Iterable, Iterator

from twin.atlas.economics_file import read_economics
from twin.atlas.errors import AtlasError
from twin.atlas.faults import Finding, did_you_mean
from twin.atlas.model_file import EstimateEntry, ModelEntry
from twin.atlas.optimisation_file import read_optimisation
from twin.atlas.plant_parts import PlantParts
from twin.atlas.tag_definition import TagDefinition
from twin.atlas.units import parse_duration


def find_model_faults(parts: PlantParts) -> list[Finding]:
    """Faults of the section `model` and of the tags that show its estimate."""
    estimate = parts.model.estimate if parts.model else None
    money = _money(parts.model, parts) if parts.model and not parts.broken_tags else ()
    return [*(_estimate(estimate, parts) if estimate else ()), *_shown(estimate, parts), *money]


def modelled_units(tags: Iterable[TagDefinition]) -> dict[str, str]:
    """Units of the tags that a process model may tell: all but those that are computed here."""
    return {tag.name: tag.unit for tag in tags if tag.kind != "derived"}


def _money(model: ModelEntry, parts: PlantParts) -> Iterator[Finding]:
    """Faults of what an hour earns and of what may be adjusted, both expressions over tags."""
    units = modelled_units(parts.tags.values())
    if model.economics is not None:
        for found in read_economics(model.economics, units, parts.prices)[1]:
            yield Finding(("model", "economics", *found.path), found.message, found.remedy)
    if model.optimise is not None:
        for found in read_optimisation(model.optimise, units, has_economics=model.economics is not None)[1]:
            yield Finding(("model", "optimise", *found.path), found.message, found.remedy)


def _estimate(estimate: EstimateEntry, parts: PlantParts) -> Iterator[Finding]:
    at = ("model", "estimate")
    known = {*(tag.name for tag in parts.tags.values() if tag.kind != "derived"), *parts.broken_tags}
    every = _seconds(estimate.every)
    if every is None or every < 1 or every != int(every):
        yield Finding((*at, "every"), f"'{estimate.every}' is no whole number of seconds", "write it like 10 s")
    for index, row in enumerate(estimate.instruments):
        path = (*at, "instruments", index)
        if row.tag not in known:
            yield Finding((*path, "tag"), f"no measured tag '{row.tag}'", did_you_mean(row.tag, known, "list it"))
        if _seconds(row.delay) is None:
            yield Finding((*path, "delay"), f"'{row.delay}' is no duration", "write it like 150 s or 5 min")
    for part, names in (
        ("unknowns", [row.name for row in estimate.unknowns]),
        ("instruments", [row.tag for row in estimate.instruments]),
    ):
        for index, name in enumerate(names):
            if name in names[:index]:
                yield Finding((*at, part, index), f"{name} is named twice", "name it once")


def _shown(estimate: EstimateEntry | None, parts: PlantParts) -> Iterator[Finding]:
    for index, tag in parts.tags.items():
        if tag.estimate and estimate is None:
            message = f"{tag.name} shows an estimate, and the plant has none"
            yield Finding(("tags", index, "estimate"), message, "add one under model")


def _seconds(text: str) -> float | None:
    try:
        return parse_duration(text)
    except AtlasError:
        return None
