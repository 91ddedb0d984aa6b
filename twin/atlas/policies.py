"""Policies: what holds for a piece of equipment in an operating mode, as objects that one calls and combines.

A policy says which limits hold, which signals matter, when a reading is stale, what may be changed and by how much,
and what calls for a simulation or an optimisation. `Policies.in_mode` gives the rules that hold in the modes that the
equipment is in:

- of one piece of equipment, a policy for the mode overrides one for all modes, tag by tag and trigger by trigger;
- of several pieces of equipment all must agree: the stricter limits hold, and a change must be allowed by each.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from analytics.conditions import LimitArrays
from twin.atlas.allowed import Allowed
from twin.atlas.limits import limit_arrays, stricter
from twin.atlas.tags import Limits, TagTable
from twin.atlas.triggers import Trigger, Watch

NORMAL: Final = "normal"
"""The mode of equipment of which nobody says another."""

_Rule = TypeVar("_Rule")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What holds for a piece of equipment in some of its operating modes, in all of them where none is named.

    `limits`, `stale_after_s` and `changes` go by the tag's name; limits are in its stored unit.
    """

    name: str
    equipment: str
    modes: frozenset[str] = frozenset()
    signals: tuple[str, ...] = ()
    limits: Mapping[str, Limits] = field(default_factory=dict)
    stale_after_s: Mapping[str, float] = field(default_factory=dict)
    changes: Mapping[str, Allowed] = field(default_factory=dict)
    triggers: tuple[Trigger, ...] = ()

    def holds_in(self, mode: str) -> bool:
        """Whether it holds in an operating mode."""
        return not self.modes or mode in self.modes


@dataclass(frozen=True)
class Rules:
    """What holds in the operating modes that a plant is in; see `Policies.in_mode`."""

    signals: frozenset[str]
    limits: Mapping[str, Limits]
    stale_after_s: Mapping[str, float]
    changes: Mapping[str, Allowed]
    triggers: frozenset[tuple[str, str]]

    def limit_arrays(self, table: TagTable) -> LimitArrays:
        """The limits in force by position: a policy's, else the tag's own; each array of shape (tags,)."""
        return limit_arrays(self.limits.get(tag.name, tag.limits) for tag in table.tags)

    def stale_after_us(self, table: TagTable) -> NDArray[np.int64]:
        """The age in force by position after which a value is stale, microseconds; shape (tags,)."""
        ages = (self.stale_after_s.get(tag.name, tag.stale_after_s) for tag in table.tags)
        return np.array([round(seconds * 1e6) for seconds in ages], dtype=np.int64)

    def refusals(self, tag: str, before: float, after: float, elapsed_s: float = math.inf) -> tuple[str, ...]:
        """Why a tag may not be changed like this, empty where it may; what no policy allows is refused."""
        allowed = self.changes.get(tag)
        if allowed is None:
            return (f"no policy allows to change {tag} in this operating mode",)
        return tuple(f"{tag}: {reason}" for reason in allowed(before, after, elapsed_s))


@dataclass(frozen=True)
class Policies:
    """The policies of a plant, in the order of its description."""

    policies: tuple[Policy, ...] = ()

    def __len__(self) -> int:
        return len(self.policies)

    def __iter__(self) -> Iterator[Policy]:
        return iter(self.policies)

    @cached_property
    def triggers(self) -> tuple[Trigger, ...]:
        """All triggers, in the order in which `watch` and `in_force` number them."""
        return tuple(trigger for policy in self.policies for trigger in policy.triggers)

    def in_mode(self, modes: Mapping[str, str]) -> Rules:
        """The rules that hold while each piece of equipment is in the mode given, `normal` where none is."""
        holding: dict[str, list[Policy]] = {}
        for policy in sorted(self.policies, key=lambda policy: bool(policy.modes)):
            if policy.holds_in(modes.get(policy.equipment, NORMAL)):
                holding.setdefault(policy.equipment, []).append(policy)
        chosen = list(holding.values())
        triggers = [{trigger.name: policy.name for policy in one for trigger in policy.triggers} for one in chosen]
        return Rules(
            signals=frozenset().union(*(_signals(one) for one in chosen)),
            limits=_agreed(chosen, lambda policy: policy.limits, stricter),
            stale_after_s=_agreed(chosen, lambda policy: policy.stale_after_s, min),
            changes=_agreed(chosen, lambda policy: policy.changes, Allowed.both),
            triggers=frozenset((policy, name) for one in triggers for name, policy in one.items()),
        )

    def watch(self, table: TagTable) -> Watch:
        """Follows all triggers over the values of a plant with this tag table."""
        return Watch.of(self.triggers, table.positions)

    def in_force(self, rules: Rules) -> NDArray[np.bool_]:
        """Which triggers count under the rules, for `Watch`; shape (triggers,)."""
        names = [(policy.name, trigger.name) for policy in self.policies for trigger in policy.triggers]
        return np.array([name in rules.triggers for name in names], dtype=np.bool_)


def _signals(policies: list[Policy]) -> set[str]:
    """Of one piece of equipment: those of the policies for the mode, where these name any, else those for all modes."""
    specific = {tag for policy in policies if policy.modes for tag in policy.signals}
    return specific or {tag for policy in policies for tag in policy.signals}


def _agreed(
    chosen: Iterable[list[Policy]],
    part: Callable[[Policy], Mapping[str, _Rule]],
    agree: Callable[[_Rule, _Rule], _Rule],
) -> dict[str, _Rule]:
    """Rules by tag: of one piece of equipment the later one stands, of several what they agree on."""
    agreed: dict[str, _Rule] = {}
    for policies in chosen:
        own = {tag: rule for policy in policies for tag, rule in part(policy).items()}
        agreed |= {tag: agree(agreed[tag], rule) if tag in agreed else rule for tag, rule in own.items()}
    return agreed
