"""The dashboard's entry file: navigation, and nothing else."""

import pandas as pd  # noqa: F401  (a first visit must not find it half imported)
import plotly.graph_objects as go  # noqa: F401  (as above)
import streamlit as st

from app import parts, session
from app.places import PLACES

st.set_page_config(page_title="CJE Audit", page_icon=":material/balance:", layout="wide")
parts.style()

sections: dict[str, list[st.Page]] = {}
for place in PLACES.values():
    page = st.Page(place.path, title=place.title, icon=place.icon, url_path=place.url_path, default=place.default)
    sections.setdefault(place.section, []).append(page)
chosen = st.navigation(sections)

with session.guarded():
    session.choose_run(session.open_audit())
    chosen.run()
