"""Policies as a plant file writes them; what they say must fit the plant, which is `policy_faults`' business."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from twin.atlas.allowed import Allowed
from twin.atlas.entry import Entry, Name, Number, Text
from twin.atlas.errors import AtlasError
from twin.atlas.faults import Finding, Path
from twin.atlas.policies import Policy
from twin.atlas.quantities import Quantity
from twin.atlas.tag_definition import TagDefinition
from twin.atlas.tags import Limits
from twin.atlas.triggers import AllOf, AnyOf, Condition, Threshold, Trigger
from twin.atlas.units import difference_unit, parse_duration, parse_unit

_T = TypeVar("_T")


def _as_text(value: object) -> object:
    """A bare number means the tag's own unit."""
    return repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Measure = Annotated[
    str, BeforeValidator(_as_text), Field(max_length=80), WithJsonSchema({"type": ["string", "number"]})
]
"""`85 degC`, or a number in the tag's unit."""


class PolicyLimitsEntry(Entry):
    """Limits of a tag in a mode, each with its unit or in the tag's."""

    low_low: Measure | None = Field(None, description="below it the state is low low")
    low: Measure | None = Field(None, description="below it the state is low")
    high: Measure | None = Field(None, description="above it the state is high")
    high_high: Measure | None = Field(None, description="above it the state is high high")
    deadband: Measure = Field("0", description="how far a value must come back before the state clears")


class AllowedEntry(Entry):
    """How far a tag may be changed."""

    range: tuple[Measure, Measure] | None = Field(None, description="lowest and highest value; any, if unset")
    max_step: Measure | None = Field(None, description="largest change at once, like 2 delta_degC")
    max_rate: Text | None = Field(None, description="largest change in a time, like 2 delta_degC in 10 min")


class ConditionEntry(Entry):
    """One threshold on a tag, or all or any of several conditions."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    tag: Text = Field("", description="the tag whose value is looked at")
    above: Measure | None = Field(None, description="holds from this value upwards")
    below: Measure | None = Field(None, description="holds from this value downwards")
    hysteresis: Measure = Field("0", description="how far the value must come back before it no longer holds")
    all_of: tuple["ConditionEntry", ...] = Field((), alias="all", description="conditions that must all hold")
    any_of: tuple["ConditionEntry", ...] = Field((), alias="any", description="conditions of which one must hold")

    @model_validator(mode="after")
    def _is_one_thing(self) -> "ConditionEntry":
        threshold = bool(self.tag) and (self.above is None) != (self.below is None)
        given = [bool(self.tag or self.above or self.below), bool(self.all_of), bool(self.any_of)]
        if sum(given) != 1 or (given[0] and not threshold):
            raise ValueError("write a tag with above or below, or all, or any")
        return self


class TriggerEntry(Entry):
    """When something is called for."""

    name: Name = Field(description="short name, unique in its policy")
    when: ConditionEntry = Field(description="see Conditions")
    hold: Text = Field("0 s", description="how long it must hold, like 30 s")
    cool_down: Text = Field("0 s", description="how long it isn't called for again, like 10 min")
    calls: Literal["simulation", "optimisation"] = Field("simulation", description="what is called for")
    changes: tuple[Text, ...] = Field(
        (), description="what a simulation tries, like `TIC-101.SP=85 degC`; what happens if nobody acts, if unset"
    )
    horizon: Text = Field("", description="how far a simulation looks ahead, like 8 h; the usual, if unset")


class PolicyEntry(Entry):
    """What holds for a piece of equipment in some of its operating modes."""

    name: Name = Field(description="short name, unique in the plant")
    equipment: Text = Field(description="id of the equipment that it is about")
    modes: tuple[Text, ...] = Field((), description="modes in which it holds; all, if unset")
    signals: tuple[Text, ...] = Field((), description="names of the tags that matter in these modes")
    limits: dict[Text, PolicyLimitsEntry] = Field(
        default_factory=dict, description="by tag: limits in place of its own"
    )
    stale_after_s: dict[Text, Number] = Field(default_factory=dict, description="by tag: age that makes it stale, s")
    changes: dict[Text, AllowedEntry] = Field(default_factory=dict, description="by tag: what may be changed")
    triggers: tuple[TriggerEntry, ...] = Field((), description="see Triggers")


def read_policies(
    entries: Mapping[int, PolicyEntry], tags: Mapping[str, TagDefinition]
) -> tuple[dict[int, Policy], list[Finding]]:
    """The policies by their index, with numbers in the tags' stored units, and every unit that does not fit.

    Paths of the findings begin with the entry's index. What else may be wrong, unknown tags too, is found by
    `policy_faults.find_policy_faults`.
    """
    findings: list[Finding] = []
    policies = {}
    for index, entry in entries.items():
        reading = _Reading(tags)
        policies[index] = reading.policy(entry)
        findings += [Finding((index, *found.path), found.message, found.remedy) for found in reading.findings]
    return policies, findings


@dataclass
class _Reading:
    """Reads one policy; a number that can't be read is noted and stands for nothing."""

    tags: Mapping[str, TagDefinition]
    findings: list[Finding] = field(default_factory=list)

    def policy(self, entry: PolicyEntry) -> Policy:
        return Policy(
            name=entry.name,
            equipment=entry.equipment,
            modes=frozenset(entry.modes),
            signals=entry.signals,
            limits={tag: self._limits(tag, given) for tag, given in entry.limits.items()},
            stale_after_s=dict(entry.stale_after_s),
            changes={tag: self._allowed(tag, given) for tag, given in entry.changes.items()},
            triggers=tuple(self._trigger(given, ("triggers", n)) for n, given in enumerate(entry.triggers)),
        )

    def _limits(self, tag: str, entry: PolicyLimitsEntry) -> Limits:
        at = ("limits", tag)
        given: dict[str, Any] = {}
        for key in ("low_low", "low", "high", "high_high"):
            if (text := getattr(entry, key)) is not None:
                given[key] = self._number(text, tag, (*at, key), None)
        return Limits(**given, deadband=self._difference(entry.deadband, tag, (*at, "deadband"), 0.0))

    def _allowed(self, tag: str, entry: AllowedEntry) -> Allowed:
        at = ("changes", tag)
        low, high = entry.range or (None, None)
        return Allowed(
            low=-math.inf if low is None else self._number(low, tag, (*at, "range", 0), -math.inf),
            high=math.inf if high is None else self._number(high, tag, (*at, "range", 1), math.inf),
            max_step=self._difference(entry.max_step, tag, (*at, "max_step"), math.inf),
            max_rate=self._rate(entry.max_rate, tag, (*at, "max_rate")),
            unit=self._unit(tag, difference=False),
        )

    def _trigger(self, entry: TriggerEntry, at: Path) -> Trigger:
        return Trigger(
            name=entry.name,
            when=self._condition(entry.when, (*at, "when")),
            calls=entry.calls,
            hold_s=self._noted(parse_duration, entry.hold, (*at, "hold"), 0.0),
            cool_down_s=self._noted(parse_duration, entry.cool_down, (*at, "cool_down"), 0.0),
            changes=entry.changes,
            horizon=self._horizon(entry.horizon, (*at, "horizon")),
        )

    def _horizon(self, text: str, at: Path) -> str:
        if text:
            self._noted(parse_duration, text, at, 0.0)
        return text

    def _condition(self, entry: ConditionEntry, at: Path) -> Condition:
        if entry.all_of:
            return AllOf(tuple(self._condition(part, (*at, "all", n)) for n, part in enumerate(entry.all_of)))
        if entry.any_of:
            return AnyOf(tuple(self._condition(part, (*at, "any", n)) for n, part in enumerate(entry.any_of)))
        key = "below" if entry.above is None else "above"
        known = self.tags.get(entry.tag)
        limit = self._number(getattr(entry, key), entry.tag, (*at, key), known.low if known else 0.0)
        hysteresis = self._difference(entry.hysteresis, entry.tag, (*at, "hysteresis"), 0.0)
        return Threshold(entry.tag, limit, hysteresis, above=key == "above")

    def _number(self, text: str, tag: str, at: Path, otherwise: _T) -> float | _T:
        return self._noted(lambda given: self._in(given, tag, difference=False), text, at, otherwise)

    def _difference(self, text: str | None, tag: str, at: Path, otherwise: float) -> float:
        if text is None:
            return otherwise
        return self._noted(lambda given: self._in(given, tag, difference=True), text, at, otherwise)

    def _rate(self, text: str | None, tag: str, at: Path) -> float:
        def per_second(given: str) -> float:
            change, found, duration = given.partition(" in ")
            seconds = parse_duration(duration) if found else 0.0
            if seconds <= 0.0:
                raise AtlasError(f"'{given[:80]}' is no rate", remedy="write a change and its time: 2 K in 10 min")
            return self._in(change, tag, difference=True) / seconds

        return math.inf if text is None else self._noted(per_second, text, at, math.inf)

    def _noted(self, read: Callable[[str], float], text: str, at: Path, otherwise: _T) -> float | _T:
        try:
            return read(text)
        except AtlasError as error:
            self.findings.append(Finding(at, error.message, error.remedy))
            return otherwise

    def _in(self, text: str, tag: str, *, difference: bool) -> float:
        """The number in the tag's unit; as it stands where the tag is unknown or the text names no unit."""
        given = Quantity.parse(text)
        if tag not in self.tags or not given.unit.text.strip():
            return given.value
        return given.value_in(self._unit(tag, difference=difference))

    def _unit(self, tag: str, *, difference: bool) -> str:
        known = self.tags.get(tag)
        if known is None:
            return ""
        return difference_unit(parse_unit(known.unit)).text if difference else known.unit
