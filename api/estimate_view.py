"""A plant's estimate as `/estimate` tells it: in the tags' units where tags show it, with the figures worth showing."""

from collections.abc import Iterable
from math import floor, log10
from typing import Final

from msgspec import UNSET

from analytics.quality import BAD
from api.estimate_schemas import EstimatedValue, EstimateVerdict, PlantEstimate
from api.live_state import LivePlant
from api.plant_time import iso, zone_of
from stream.envelope import EstimatedQuantity, EstimateTold
from twin.atlas.tags import Tag, TagTable
from twin.atlas.units import UnitError, conversion

NOTHING_YET: Final = "No value of this plant has come yet."
NO_MODEL: Final = "This plant's file names no process model to estimate with."
BEGINNING: Final = "The estimate begins with the plant's next values."

_NINETY_PERCENT: Final = 1.645
_WRITTEN: Final = frozenset({"setpoint", "output", "mode"})
_STALE: Final = 1


def present(live: LivePlant) -> PlantEstimate:
    """What is estimated of the plant."""
    told, table = live.estimate, live.table
    if told is None or table is None or not told.time:
        return absent(live.plant, _reason(told, table))
    rows = _Rows(live, table)
    return PlantEstimate(
        plant=live.plant,
        model=told.title,
        reason=None,
        log_time=told.time,
        time=iso(told.time, zone_of(table.content.time_zone)),
        begun=told.begun,
        verdict=EstimateVerdict(
            ok=told.explains,
            learning=told.learning,
            text=told.sentence,
            since=told.since,
            unexplained=list(told.unexplained),
        ),
        unknowns=rows.of(told.unknowns),
        soft_sensors=rows.of(quantity for quantity in told.outputs if not rows.is_written(quantity.name)),
    )


def absent(plant: str, reason: str) -> PlantEstimate:
    """Nothing is estimated of the plant."""
    return PlantEstimate(
        plant=plant, model="", reason=reason, log_time=None, time=None, begun=None, verdict=None, unknowns=[],
        soft_sensors=[],
    )  # fmt: skip


def _reason(told: EstimateTold | None, table: TagTable | None) -> str:
    if told is not None and told.reason:
        return told.reason
    if table is None:
        return NOTHING_YET
    return NO_MODEL if table.content.model is UNSET else BEGINNING


class _Rows:
    def __init__(self, live: LivePlant, table: TagTable) -> None:
        self._live, self._positions = live, table.positions
        self._tags: dict[str, Tag] = {tag.name: tag for tag in table.tags}
        self._shown = {str(tag.estimate): tag for tag in table.tags if tag.estimate is not UNSET}

    def is_written(self, name: str) -> bool:
        """Whether it is a setting, which nobody needs to estimate."""
        return name in self._tags and self._tags[name].kind in _WRITTEN

    def of(self, quantities: Iterable[EstimatedQuantity]) -> list[EstimatedValue]:
        """The quantities for people."""
        return [self._row(quantity) for quantity in quantities]

    def _row(self, quantity: EstimatedQuantity) -> EstimatedValue:
        tag = self._shown.get(quantity.name, self._tags.get(quantity.name))
        unit, scale, offset = quantity.unit, 1.0, 0.0
        if tag is not None and tag.unit != unit:
            try:
                line = conversion(unit, tag.unit)
            except UnitError:
                tag = None
            else:
                unit, scale, offset = tag.unit, line.scale, line.offset
        value, half = scale * quantity.mean + offset, abs(scale) * quantity.spread * _NINETY_PERCENT
        return EstimatedValue(
            name=quantity.name,
            tag=tag.name if tag else "",
            description=quantity.description,
            unit=unit,
            decimals=tag.decimals if tag else _decimals(half),
            value=value,
            low=value - half,
            high=value + half,
            usual=scale * quantity.nominal + offset,
            measured=self._measured(quantity.name),
        )

    def _measured(self, name: str) -> float | None:
        position = self._positions.get(name)
        if position is None or self._live.changed_offset(position) is None:
            return None
        usable = self._live.quality[position] < BAD and not self._live.flags[position] & _STALE
        value = float(self._live.values[position])
        return value if usable and value == value else None


def _decimals(half: float) -> int:
    """Two figures of the range: more would tell what nobody knows."""
    return max(0, min(6, 1 - floor(log10(half)))) if half > 0.0 else 3
