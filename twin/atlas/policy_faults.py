"""What must hold of a plant's policies, all checked at once: names, modes, tags, limits, changes, triggers."""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from twin.atlas.allowed import Allowed
from twin.atlas.faults import Finding, Path, did_you_mean
from twin.atlas.limits import limit_faults
from twin.atlas.policies import Policy
from twin.atlas.tag_definition import TagDefinition
from twin.atlas.triggers import AllOf, Condition, Threshold, Trigger, thresholds_of

_CHANGEABLE: Final = ("setpoint", "output", "mode")


@dataclass(frozen=True)
class PolicyGround:
    """What policies speak of: the modes of each piece of equipment by its id, and the tags by their names.

    `unread` are names of equipment and tags that could not be read; no policy is at fault for naming one.
    """

    modes: Mapping[str, Collection[str]]
    tags: Mapping[str, TagDefinition]
    unread: Collection[str] = field(default_factory=frozenset)


def find_policy_faults(policies: Mapping[int, Policy], ground: PolicyGround) -> list[Finding]:
    """Every fault of the policies; paths begin with the policy's index."""
    findings = [*_same_names(policies), *_conflicts(policies)]
    for index, policy in policies.items():
        for check in (_equipment, _names, _limits, _ages, _changes, _triggers):
            findings += [Finding((index, *found.path), found.message, found.remedy) for found in check(policy, ground)]
    return findings


def _same_names(policies: Mapping[int, Policy]) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for index, policy in policies.items():
        first = seen.setdefault(policy.name, index)
        if first != index:
            yield Finding((index, "name"), f"'{policy.name}' is already that of policy {first}", "give each its own")


def _equipment(policy: Policy, ground: PolicyGround) -> Iterator[Finding]:
    if policy.equipment in ground.unread:
        return
    known = ground.modes.get(policy.equipment)
    if known is None:
        remedy = did_you_mean(policy.equipment, ground.modes, "name a piece of the plant's equipment by its id")
        yield Finding(("equipment",), f"no equipment '{policy.equipment}'", remedy)
        return
    for mode in sorted(policy.modes - set(known)):
        remedy = did_you_mean(mode, known, f"use one of {', '.join(known)}, or add it to the equipment's modes")
        yield Finding(("modes",), f"{policy.equipment} has no mode '{mode}'", remedy)


def _names(policy: Policy, ground: PolicyGround) -> Iterator[Finding]:
    """Tags that nobody knows, wherever they stand."""
    named: list[tuple[Path, str]] = [(("signals", n), tag) for n, tag in enumerate(policy.signals)]
    for part in ("limits", "stale_after_s", "changes"):
        named += [((part, tag), tag) for tag in getattr(policy, part)]
    for n, trigger in enumerate(policy.triggers):
        named += [(("triggers", n, "when", *path, "tag"), leaf.tag) for path, leaf in _places(trigger.when)]
    for path, tag in named:
        if tag not in ground.tags and tag not in ground.unread:
            remedy = did_you_mean(tag, ground.tags, "name one of the plant's tags")
            yield Finding(path, f"no tag '{tag}'", remedy)


def _places(condition: Condition, path: Path = ()) -> Iterator[tuple[Path, Threshold]]:
    if isinstance(condition, Threshold):
        yield path, condition
        return
    key = "all" if isinstance(condition, AllOf) else "any"
    for n, part in enumerate(condition.parts):
        yield from _places(part, (*path, key, n))


def _limits(policy: Policy, ground: PolicyGround) -> Iterator[Finding]:
    for name, limits in policy.limits.items():
        if tag := ground.tags.get(name):
            for found in limit_faults(limits, tag.low, tag.high, tag.unit):
                yield Finding(("limits", name, *found.path), found.message, found.remedy)


def _ages(policy: Policy, ground: PolicyGround) -> Iterator[Finding]:
    for name, seconds in policy.stale_after_s.items():
        if not 0.0 <= seconds < math.inf:
            message = f"{name} can't be stale after {seconds:g} s"
            yield Finding(("stale_after_s", name), message, "give a time in seconds, 0 where it reports on change only")


def _changes(policy: Policy, ground: PolicyGround) -> Iterator[Finding]:
    for name, allowed in policy.changes.items():
        tag = ground.tags.get(name)
        if tag is not None and tag.kind not in _CHANGEABLE:
            message = f"{name} is {tag.kind}, so nobody can change it"
            yield Finding(("changes", name), message, f"name a {', '.join(_CHANGEABLE[:-1])} or {_CHANGEABLE[-1]} tag")
        for key, message, remedy in _broken(allowed):
            yield Finding(("changes", name, key), message, remedy)


def _broken(allowed: Allowed) -> Iterator[tuple[str, str, str]]:
    if not allowed.low <= allowed.high:
        yield "range", f"range {allowed.low:g} to {allowed.high:g} is empty", "give the lower end first"
    if not allowed.max_step > 0.0:
        yield "max_step", f"a largest step of {allowed.max_step:g} allows nothing", "give more than 0, or leave it out"
    if not allowed.max_rate > 0.0:
        yield "max_rate", f"a largest rate of {allowed.max_rate:g} allows nothing", "give more than 0, or leave it out"


def _triggers(policy: Policy, ground: PolicyGround) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for n, trigger in enumerate(policy.triggers):
        first = seen.setdefault(trigger.name, n)
        if first != n:
            message = f"'{trigger.name}' is already that of trigger {first}"
            yield Finding(("triggers", n, "name"), message, "give each its own")
        for found in _trigger(trigger, ground):
            yield Finding(("triggers", n, *found.path), found.message, found.remedy)


def _trigger(trigger: Trigger, ground: PolicyGround) -> Iterator[Finding]:
    if not list(thresholds_of(trigger.when)):
        yield Finding(("when",), f"'{trigger.name}' names no threshold", "add one, like {tag: TI-1.PV, above: 90 degC}")
    for key, seconds in (("hold", trigger.hold_s), ("cool_down", trigger.cool_down_s)):
        if not 0.0 <= seconds < math.inf:
            yield Finding((key,), f"{seconds:g} s is no time to wait", "give 0 s or more")
    for path, leaf in _places(trigger.when):
        tag = ground.tags.get(leaf.tag)
        if tag is not None and not tag.low <= leaf.limit <= tag.high:
            message = f"{leaf.limit:g} lies outside the range of {leaf.tag}, {tag.low:g} to {tag.high:g} {tag.unit}"
            key = "above" if leaf.above else "below"
            yield Finding(("when", *path, key), message.rstrip(), "no value can reach it; move it into the range")
        if not 0.0 <= leaf.hysteresis < math.inf:
            message = f"a hysteresis of {leaf.hysteresis:g} means nothing"
            yield Finding(("when", *path, "hysteresis"), message, "give 0 or more")


def _conflicts(policies: Mapping[int, Policy]) -> Iterator[Finding]:
    """Two policies for the same mode of the same equipment that say something of the same thing: neither overrides."""
    said: dict[tuple[str, str, str, str], int] = {}
    for index, policy in policies.items():
        for part, name in _said(policy):
            for mode in sorted(policy.modes) or [""]:
                first = said.setdefault((policy.equipment, mode, part, name), index)
                if first != index:
                    when = f"in mode '{mode}'" if mode else "in all modes"
                    message = f"{policies[first].name} speaks of {name} {when} too"
                    yield Finding((index, part), message, "say it in one of both policies")
                    break


def _said(policy: Policy) -> Iterable[tuple[str, str]]:
    for part in ("limits", "stale_after_s", "changes"):
        yield from ((part, tag) for tag in getattr(policy, part))
    yield from (("triggers", name) for name in dict.fromkeys(trigger.name for trigger in policy.triggers))
