"""Parts that pages share: badges, cards, checks, charts with their table, empty states, links, the glossary."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import formats, words
from app.charts.base import Chart
from app.places import PLACES
from cje_audit.domain.views import RunRow

T = TypeVar("T")
STYLE = Path(__file__).with_name("style.css")
LISTS = Path(__file__).with_name("lists.js")
PAGE_SIZE = 25
ACTING = "acting"  # the session's key for the name of the account that is logged in
TABLE_HEIGHT = 320


def style() -> None:
    """Send the dashboard's own fixed stylesheet and script; nothing of a run is ever in them."""
    st.html(STYLE)
    st.html(f"<script>{LISTS.read_text(encoding='utf-8')}</script>", unsafe_allow_javascript=True)


def heading(place: str) -> None:
    """Print the page's title, the one question it answers, and a button that explains its words."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title(PLACES[place].title, anchor=False, width="content")
        glossary(PLACES[place].terms)
    st.caption(PLACES[place].question)


def verbatim(text: str) -> None:
    """Print a sentence or a foreign text exactly as it is, in one element."""
    st.text(formats.visible(text))


def quiet(text: str) -> None:
    """Print a secondary sentence, without reading Markdown in it."""
    if text:
        st.caption(formats.literal(text), width="content")


def line() -> DeltaGenerator:
    """Return a container whose elements stand side by side and wrap."""
    return st.container(horizontal=True, vertical_alignment="center", gap="small")


def name(text: str, key: str) -> None:
    """Print the name of a policy or run, as it is, in bold."""
    with st.container(key=f"name-{key}", width="content"):
        verbatim(text)


def foreign(text: str | None) -> None:
    """Print a text that a model or a stranger wrote: as text, in its own frame, with nothing in it interpreted."""
    if text is None:
        quiet("There is none.")
    else:
        st.code(formats.visible(text), language=None, wrap_lines=True)


def badge(kind: words.Badge, label: str | None = None) -> None:
    """Print a badge: icon, colour and words; its meaning appears on hover and focus."""
    st.badge(label or kind.label, icon=kind.icon, color=kind.color, help=kind.meaning)


def verdict_badges(verdicts: Mapping[str, str]) -> None:
    """Print every policy's verdict side by side."""
    with line():
        for policy, verdict in verdicts.items():
            kind = words.VERDICT[verdict]
            badge(kind, f"{formats.badge_label(formats.excerpt(policy, 30))}: {kind.label.lower()}")


def link(place: str, label: str | None = None, **params: str | None) -> None:
    """Print a link to another page, with what it is about in the address."""
    target = PLACES[place]
    query = {k: v for k, v in params.items() if v is not None}
    st.page_link(target.path, label=formats.literal(label or target.title), icon=target.icon, query_params=query)


def row_link(run: str, row_id: str) -> None:
    """Print a link to the page of one row."""
    label = formats.literal(formats.excerpt(row_id, 40))
    st.page_link(PLACES["row"].path, label=label, query_params={"run": run, "row": row_id})


def row_links(run: str, ids: Sequence[str]) -> None:
    """Print links to the pages of these rows."""
    with st.container(horizontal=True, gap="small"):
        for row_id in ids:
            row_link(run, row_id)


def about(run: RunRow) -> None:
    """Print which run the page is about."""
    with line():
        name(run.name, "run")
        badge(words.RUN[run.status])
        quiet(run.id)


def empty(title: str, what_to_do: str, *places: str, run: str | None = None) -> None:
    """Print an empty state: what is not there, what to do, and the links that do it."""
    with st.container(border=True, key="empty-state"):
        st.subheader(formats.literal(title), anchor=False)
        verbatim(what_to_do)
        with st.container(horizontal=True):
            for place in places:
                link(place, run=run)


def facts(pairs: Sequence[tuple[str, str, str | None]]) -> None:
    """Print a row of figures: label, text, and the glossary term that explains the label."""
    with st.container(horizontal=True, gap="small"):
        for label, text, term in pairs:
            st.metric(label, text, help=words.GLOSSARY[term] if term else None, width=168)


def table(
    rows: pd.DataFrame | Sequence[Mapping[str, str]], alt: str, nothing: str = "There is nothing to list."
) -> None:
    """Print a table that scrolls inside its own frame; cells are text and nothing in them is interpreted."""
    data = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame([dict(row) for row in rows])
    if data.empty:
        quiet(nothing)
        return
    st.dataframe(data, hide_index=True, alt=alt, height=min(TABLE_HEIGHT, 40 + 35 * len(data)))


def section(title: str, anchor: str | None = None) -> None:
    """Print the title of a part of a page."""
    st.subheader(title, anchor=anchor or False)


def chart(
    drawn: Chart | None, nothing: str, *, key: str, wide: bool = False, picked: Callable[[int], None] | None = None
) -> None:
    """Print a chart with its sentence above and its table beside it (below it if wide), or say why there is none.

    `picked` is told the place of a mark of the first series that a person clicks.
    """
    if drawn is None:
        verbatim(nothing)
        return
    verbatim(drawn.sentence)
    figure, numbers = (st.container(), st.container()) if wide else st.columns([3, 2], gap="medium")
    with figure:
        st.plotly_chart(
            drawn.figure, key=key, config={"displayModeBar": False}, alt=drawn.sentence, selection_mode="points",
            on_select="ignore" if picked is None else lambda: _tell(key, picked),
        )  # fmt: skip
    with numbers:
        table(drawn.table, f"The same numbers as a table. {drawn.sentence}")


def _tell(key: str, picked: Callable[[int], None]) -> None:
    points = st.session_state[key].selection.points
    first = next((point["point_index"] for point in points if point["curve_number"] == 0), None)
    if first is not None:
        picked(first)


def command(*lines: str) -> None:
    """Print the command line that does the same as the page."""
    st.caption("The same on the command line")
    st.code("\n".join(lines), language=None, wrap_lines=True)


def glossary(terms: Sequence[str]) -> None:
    """Print a button that opens one plain sentence per term."""
    with st.popover("Words", icon=":material/help:"):
        for term in terms:
            st.markdown(f"**{term[0].upper()}{term[1:]}**  \n{words.GLOSSARY[term]}")


def pager(total: int, *, key: str) -> int:
    """Print the page number of a long list, which is in the address, and return the offset it stands for."""
    pages = max(1, -(-total // PAGE_SIZE))
    if pages == 1:
        return 0
    if st.session_state.get(key, 1) > pages:
        st.session_state[key] = 1
    page = st.number_input(f"Page, of {pages:,}", 1, pages, 1, key=key, bind="query-params", width=160)
    return (page - 1) * PAGE_SIZE


def page_of(items: Sequence[T], offset: int) -> Sequence[T]:
    """Return the part of a list that one page shows."""
    return items[offset : offset + PAGE_SIZE]
