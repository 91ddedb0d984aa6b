"""Level 1: every plant at a glance."""

from dashboards.components.live import show_page


def show() -> None:
    """Show a card a plant: condition, age, active limits, key values and what comes next."""
    show_page("overview")
