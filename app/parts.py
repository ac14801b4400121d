"""Parts that pages share: badges, cards, checks, charts with their table, empty states, links, the glossary."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_config_utils import ColumnConfigMappingInput

from app import formats, words
from app.charts.base import Chart
from app.places import PLACES

STYLE = Path(__file__).with_name("style.css")
PAGE_SIZE = 25


def style() -> None:
    """Send the dashboard's own fixed stylesheet; nothing of a run is ever in it."""
    st.html(STYLE)


def heading(place: str, question: str) -> None:
    """Print the page's title and the one question it answers."""
    st.title(PLACES[place].title, anchor=False)
    st.caption(question)


def verbatim(text: str) -> None:
    """Print a sentence or a foreign text exactly as it is, in one element."""
    st.text(formats.visible(text))


def quiet(text: str) -> None:
    """Print a secondary sentence, without reading Markdown in it."""
    st.caption(formats.literal(text))


def badge(kind: words.Badge, label: str | None = None) -> None:
    """Print a badge: icon, colour and words; its meaning appears on hover and focus."""
    st.badge(label or kind.label, icon=kind.icon, color=kind.color, help=kind.meaning)


def link(place: str, label: str | None = None, **params: str | None) -> None:
    """Print a link to another page, with what it is about in the address."""
    target = PLACES[place]
    query = {k: v for k, v in params.items() if v is not None}
    st.page_link(target.path, label=formats.literal(label or target.title), icon=target.icon, query_params=query)


def row_links(run: str, ids: Sequence[str]) -> None:
    """Print links to the pages of these rows."""
    with st.container(horizontal=True, gap="small"):
        for row_id in ids:
            st.page_link(
                PLACES["row"].path,
                label=formats.literal(formats.excerpt(row_id, 40)),
                query_params={"run": run, "row": row_id},
            )


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
    with st.container(horizontal=True, gap="medium"):
        for label, text, term in pairs:
            st.metric(label, text, help=words.GLOSSARY[term] if term else None, width=190)


def table(data: pd.DataFrame, alt: str, *, columns: ColumnConfigMappingInput | None = None, height: int = 320) -> None:
    """Print a table that scrolls inside its own frame."""
    st.dataframe(data, hide_index=True, alt=alt, column_config=columns, height=min(height, 40 + 35 * max(1, len(data))))


def chart(drawn: Chart | None, nothing: str, *, key: str) -> None:
    """Print a chart with its sentence above and its table beside it, or say why there is none."""
    if drawn is None:
        quiet(nothing)
        return
    verbatim(drawn.sentence)
    figure, numbers = st.columns([3, 2], gap="medium")
    with figure:
        st.plotly_chart(drawn.figure, key=key, config={"displayModeBar": False}, alt=drawn.sentence)
    with numbers:
        table(drawn.table, f"The same numbers as a table. {drawn.sentence}")


def command(*lines: str) -> None:
    """Print the command line that does the same as the page."""
    st.caption("The same on the command line")
    st.code("\n".join(lines), language="bash", wrap_lines=True)


def glossary(*terms: str) -> None:
    """Print a button that opens one plain sentence per term."""
    with st.popover("What do these words mean?", icon=":material/help:"):
        for term in terms:
            st.markdown(f"**{term[0].upper()}{term[1:]}**  \n{words.GLOSSARY[term]}")


def pager(total: int, *, key: str) -> int:
    """Print previous and next for a long list and return the offset of the page being looked at."""
    pages = max(1, -(-total // PAGE_SIZE))
    if pages == 1:
        return 0
    page = st.number_input(f"Page, of {pages:,}", 1, pages, 1, key=key, bind="query-params", width=160)
    return (page - 1) * PAGE_SIZE
