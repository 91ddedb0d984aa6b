"""Triggers as the live twin knows them: in the tag table, with the revision, so that replay and recovery watch alike.

The table holds those that are in force in the mode `normal`, the only one that anybody tells a live plant's equipment
to be in.
"""

from collections.abc import Iterable
from typing import Any

from twin.atlas.policies import Policies
from twin.atlas.tags import LiveTrigger
from twin.atlas.triggers import AllOf, AnyOf, Condition, Threshold, Trigger


def live_triggers(policies: Policies) -> tuple[LiveTrigger, ...]:
    """The triggers in force, in the order of the policies."""
    in_force = policies.in_mode({}).triggers
    return tuple(
        LiveTrigger(
            policy=policy.name,
            equipment=policy.equipment,
            name=trigger.name,
            when=_written(trigger.when),
            calls=trigger.calls,
            hold_s=trigger.hold_s,
            cool_down_s=trigger.cool_down_s,
            changes=trigger.changes,
            horizon=trigger.horizon,
        )
        for policy in policies
        for trigger in policy.triggers
        if (policy.name, trigger.name) in in_force
    )


def read_triggers(live: Iterable[LiveTrigger]) -> tuple[Trigger, ...]:
    """The triggers that a table holds, named "policy/trigger", which is unique in a plant."""
    return tuple(
        Trigger(
            name=full_name(each),
            when=_read(each.when),
            calls=each.calls,
            hold_s=each.hold_s,
            cool_down_s=each.cool_down_s,
            changes=each.changes,
            horizon=each.horizon,
        )
        for each in live
    )


def full_name(live: LiveTrigger) -> str:
    """The name of a trigger within its plant."""
    return f"{live.policy}/{live.name}"


def _written(condition: Condition) -> dict[str, Any]:
    if isinstance(condition, Threshold):
        return {
            "tag": condition.tag,
            "limit": condition.limit,
            "hysteresis": condition.hysteresis,
            "above": condition.above,
        }
    return {"all" if isinstance(condition, AllOf) else "any": [_written(part) for part in condition.parts]}


def _read(written: dict[str, Any]) -> Condition:
    if "tag" in written:
        return Threshold(written["tag"], float(written["limit"]), float(written["hysteresis"]), bool(written["above"]))
    if "all" in written:
        return AllOf(tuple(_read(part) for part in written["all"]))
    return AnyOf(tuple(_read(part) for part in written["any"]))
