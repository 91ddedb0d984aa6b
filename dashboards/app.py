"""The dashboard's entry: Streamlit runs this for every visit of a page."""

import gc
from collections.abc import Callable
from typing import Final

import streamlit as st

from dashboards.components.chrome import hide_chrome
from dashboards.pages import overview, plant, portfolio, tags, what_if

_PAGES: Final[dict[str, Callable[[], None]]] = {
    "overview": overview.show,
    "portfolio": portfolio.show,
    "plant": plant.show,
    "tags": tags.show,
    "what-if": what_if.show,
}


def show() -> None:
    """Show the page that the address names as `?page=`, else the overview.

    Pages are told apart by a parameter and not by a path, since Streamlit's own script asks a page on a path of its own
    for files that are not there, which leaves errors in the browser's console.
    """
    _PAGES.get(st.query_params.get("page", ""), overview.show)()


# Streamlit collects garbage after every run. What is loaded by the first run stays for good; left out of the later
# collections, it more than halves what an answer to a screen costs.
if not gc.get_freeze_count():
    gc.freeze()
st.set_page_config(page_title="Atlas Live", layout="wide", initial_sidebar_state="collapsed")
hide_chrome()
st.navigation([st.Page(show, title="Atlas Live", default=True)], position="hidden").run()
