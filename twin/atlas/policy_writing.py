"""From policies to the plain values of a plant file; numbers stand in the tags' own units."""

import math
from collections.abc import Iterable
from typing import Any

from twin.atlas.allowed import Allowed
from twin.atlas.policies import Policy
from twin.atlas.tags import Limits
from twin.atlas.triggers import AllOf, AnyOf, Condition, Trigger


def write_policies(policies: Iterable[Policy]) -> list[dict[str, Any]]:
    """One mapping a policy, which `policy_file.read_policies` reads as the same again.

    Of a range that is open at one end only the other end can't be written; both are left out then.
    """
    return [_policy(policy) for policy in policies]


def _policy(policy: Policy) -> dict[str, Any]:
    written: dict[str, Any] = {"name": policy.name, "equipment": policy.equipment}
    parts = {
        "modes": sorted(policy.modes),
        "signals": list(policy.signals),
        "limits": {tag: _limits(limits) for tag, limits in policy.limits.items()},
        "stale_after_s": dict(policy.stale_after_s),
        "changes": {tag: _allowed(allowed) for tag, allowed in policy.changes.items()},
        "triggers": [_trigger(trigger) for trigger in policy.triggers],
    }
    return written | {key: value for key, value in parts.items() if value}


def _limits(limits: Limits) -> dict[str, float]:
    keys = ("low_low", "low", "high", "high_high")
    given = {key: value for key in keys if (value := getattr(limits, key)) is not None}
    return given | ({"deadband": limits.deadband} if limits.deadband else {})


def _allowed(allowed: Allowed) -> dict[str, Any]:
    written: dict[str, Any] = {}
    if math.isfinite(allowed.low) and math.isfinite(allowed.high):
        written["range"] = [allowed.low, allowed.high]
    if math.isfinite(allowed.max_step):
        written["max_step"] = allowed.max_step
    if math.isfinite(allowed.max_rate):
        written["max_rate"] = f"{allowed.max_rate!r} in 1 s"
    return written


def _trigger(trigger: Trigger) -> dict[str, Any]:
    written: dict[str, Any] = {"name": trigger.name, "when": _condition(trigger.when)}
    if trigger.hold_s:
        written["hold"] = _seconds(trigger.hold_s)
    if trigger.cool_down_s:
        written["cool_down"] = _seconds(trigger.cool_down_s)
    parts = {
        "calls": "" if trigger.calls == "simulation" else trigger.calls,
        "changes": list(trigger.changes),
        "horizon": trigger.horizon,
    }
    return written | {key: value for key, value in parts.items() if value}


def _condition(condition: Condition) -> dict[str, Any]:
    if isinstance(condition, AllOf | AnyOf):
        key = "all" if isinstance(condition, AllOf) else "any"
        return {key: [_condition(part) for part in condition.parts]}
    written: dict[str, Any] = {"tag": condition.tag, "above" if condition.above else "below": condition.limit}
    return written | ({"hysteresis": condition.hysteresis} if condition.hysteresis else {})


def _seconds(seconds: float) -> str:
    return f"{seconds:.6f}".rstrip("0").rstrip(".") + " s"
