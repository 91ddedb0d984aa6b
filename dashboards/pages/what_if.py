"""What if: ask what a change would do, watch it being worked out, read the report, compare."""

from dashboards.components.live import show_page


def show() -> None:
    """Show the form and the questions of the plant that the address names, or of the first."""
    show_page("what-if")
