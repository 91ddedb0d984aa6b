"""Level 4: every tag of a plant, searchable, sortable and live."""

from collections.abc import Mapping
from typing import Any

from dashboards.components.live import show_page


def show(pages: Mapping[str, Any]) -> None:
    """Show the tags of the plant that the address names, or of the first."""
    show_page("tags", pages)
