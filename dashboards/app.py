"""The dashboard's entry: Streamlit runs this for every visit of a page."""

from typing import Any

import streamlit as st

from dashboards.components.chrome import hide_chrome
from dashboards.pages import overview, plant, tags

st.set_page_config(page_title="Atlas Live", layout="wide", initial_sidebar_state="collapsed")
hide_chrome()

pages: dict[str, Any] = {}
pages["overview"] = st.Page(lambda: overview.show(pages), title="Overview", url_path="overview", default=True)
pages["plant"] = st.Page(lambda: plant.show(pages), title="Process", url_path="plant")
pages["tags"] = st.Page(lambda: tags.show(pages), title="Tags", url_path="tags")
st.navigation(list(pages.values()), position="hidden").run()
