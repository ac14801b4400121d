"""One row: what was asked, what was answered, and what every stage made of it."""

import streamlit as st

from app import parts, session
from app.cards import decision
from app.cards import row as cards
from app.charts import tokens as charts

audit = session.open_audit()
parts.heading("row")
run = session.need_run(audit)

wanted = st.text_input("Row id", key="row", bind="query-params", icon=":material/search:")
if not wanted:
    parts.empty(
        "Which row?",
        "Type a row id above, or come here from a check, a failure or a weight.",
        "failures",
        "weights",
        run=run.id,
    )
    st.stop()

row = audit.row(run.id, wanted)
parts.section("Prompt")
parts.foreign(row.prompt)
parts.section("Response")
parts.foreign(row.response)
cards.source(row)

parts.section("What was scored")
cards.scored(row)
parts.section("What each policy expected")
parts.chart(
    charts.token_strip(row.cells), "No token log-probabilities are stored for this row.", key="tokens", wide=True
)
parts.section("What moved the weight")
parts.chart(
    charts.ratio_strip(row.cells),
    "No target policy has log-probabilities of the same tokens as the logging policy.",
    key="ratios",
    wide=True,
)
parts.section("Measured on this row")
parts.table(cards.cells(row), "Every measured cell of this row with its status.")
parts.section("Weight")
parts.table(
    cards.weights(row),
    "The row's weight and rank under every target policy.",
    "This row has no weight: it needs a log-probability under the logging policy and under a target policy.",
)
parts.section("What the judge said")
cards.judge(row)
parts.section("Attempts")
cards.attempts(audit.attempts(run.id, row.row_id), run.id)
parts.section("Notes")
decision.notes(audit, run.id, audit.decisions(run.id), [f"row:{row.row_id}"])
