"""Which few tags stand for a plant on its card and in its opening trends."""

from collections.abc import Mapping, Sequence
from typing import Any


def key_tags(tags: Sequence[Mapping[str, Any]], count: int) -> list[str]:
    """Names of up to `count` tags: controlled values with limits first, then others with limits, then the measured.

    Within each rank the plant's own order is kept. Enumerations, modes, set points and outputs never stand for a plant.
    """
    shown = [tag for tag in tags if tag["kind"] in ("measured", "derived") and not tag["states"]]
    ranked = sorted(range(len(shown)), key=lambda place: (_rank(shown[place]), place))
    return [str(shown[place]["name"]) for place in ranked[:count]]


def _rank(tag: Mapping[str, Any]) -> int:
    has_limits = any(tag["limits"].get(side) is not None for side in ("low_low", "low", "high", "high_high"))
    is_controlled = "C-" in str(tag["name"]).split(".")[0] and str(tag["name"]).endswith(".PV")
    return (0 if is_controlled else 1) if has_limits else (2 if is_controlled else 3)
