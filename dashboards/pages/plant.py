"""Level 2, with its details: one plant's process graphic, its trends, and a faceplate for each value."""

from dashboards.components.live import show_page


def show() -> None:
    """Show the plant that the address names, or the first."""
    show_page("plant")
