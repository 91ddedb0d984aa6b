"""Streamlit's own furniture, taken away: a control room needs neither its menu nor its running man."""

from typing import Final

import streamlit as st

_STYLE: Final = """<style>
header[data-testid="stHeader"], [data-testid="stToolbar"], [data-testid="stDecoration"], [data-testid="stStatusWidget"],
[data-testid="stAppDeployButton"], [data-testid="stSidebar"], [data-testid="stSidebarCollapsedControl"], footer
{ display: none !important; }
.stMainBlockContainer, .block-container { padding: 0 !important; max-width: none !important; }
[data-testid="stVerticalBlock"] { gap: 0 !important; }
[data-stale="true"] { opacity: 1 !important; transition: none !important; }
html, body { background: #d3d6d8; }
</style>"""


def hide_chrome() -> None:
    """Hide header, menu, toolbar, sidebar and footer, and keep a page from fading while its script runs."""
    st.html(_STYLE)
