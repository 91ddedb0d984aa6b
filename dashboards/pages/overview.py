"""Level 1: every plant at a glance."""

from collections.abc import Mapping
from typing import Any

from dashboards.components.live import show_page


def show(pages: Mapping[str, Any]) -> None:
    """Show a card a plant: condition, age, active limits, key values and what comes next."""
    show_page("overview", pages)
