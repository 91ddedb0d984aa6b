"""Level 1 of several plants that work together: what they hand over, share, buy and sell, over their live state."""

from dashboards.components.live import show_page


def show() -> None:
    """Show the portfolio that the address names, or the first."""
    show_page("portfolio")
