"""The dashboard's entry file: navigation, and nothing else."""

from pathlib import Path

import streamlit as st

from app import early as early  # as the server does: what is half imported breaks a page
from app import filters, parts, session
from app.places import PLACES, START

HERE = Path(__file__).parent


def home() -> None:
    """Send a visit without a page to the list of runs."""
    st.switch_page(PLACES["runs"].path, query_params=st.query_params.to_dict())


st.set_page_config(page_title="CJE Audit", page_icon=HERE / "icon.svg", layout="wide")
st.logo(HERE / "logo.svg", size="large", icon_image=HERE / "icon.svg")
parts.style()

sections = {START: [st.Page(home, title="CJE Audit", url_path="home", default=True, visibility="hidden")]}
for place in PLACES.values():
    page = st.Page(place.path, title=place.title, icon=place.icon, url_path=place.url_path)
    sections.setdefault(place.section, []).append(page)
chosen = st.navigation(sections, expanded=True)

with session.guarded():
    audit = session.open_audit()
    session.choose_run(audit)
    session.who(audit)
    filters.saved_views(audit, session.place_of(chosen.url_path))
    chosen.run()
