"""Level 4: every tag of a plant, searchable, sortable and live."""

from dashboards.components.live import show_page


def show() -> None:
    """Show the tags of the plant that the address names, or of the first."""
    show_page("tags")
