"""Quality: a strip of all figures, and one card per figure with its badge, distribution and rows."""

from collections.abc import Sequence

import streamlit as st

from app import formats, parts, words
from app.charts.quality import figure_chart
from cje_audit.domain.quality import QualityFigure


def strip(figures: Sequence[QualityFigure]) -> None:
    """Print the flaws side by side: badge, and on how many rows of how many."""
    with st.container(horizontal=True, gap="small"):
        for figure in figures:
            if figure.n_affected is not None:
                with st.container(border=True, width=184, key=f"quality-{figure.name}"):
                    st.markdown(f"**{words.QUALITY[figure.name].title}**")
                    _badge(figure)
                    parts.quiet(formats.of(figure.n_affected, figure.n))


def _badge(figure: QualityFigure) -> None:
    parts.badge(words.SHOWN if figure.status is None else words.STATUS[figure.status])


def card(figure: QualityFigure, run: str) -> None:
    """Print one figure: title, badge, sentence, distribution and table, the check that judges it, its rows."""
    told = words.QUALITY[figure.name]
    key = figure.name
    parts.section(told.title, key)
    with parts.line():
        _badge(figure)
        if figure.policy is not None:
            parts.quiet(f"policy {figure.policy}")
        parts.quiet(f"measured on {formats.of(figure.n, figure.n_total)}")
        if figure.check is not None:
            parts.link("validation", words.check_title(figure.check), run=run, check=figure.check)
    parts.quiet(told.meaning)
    drawn = figure_chart(figure)
    if drawn is None:
        parts.verbatim(figure.sentence)
    else:
        parts.chart(drawn, figure.sentence, key=f"qc-{key}")
    if figure.example_ids:
        parts.quiet(told.rows)
        parts.row_links(run, figure.example_ids[:SHOWN_ROWS])


SHOWN_ROWS = 10
