"""One row: what was asked, what was answered, and what did every stage make of it?"""

import streamlit as st

from app import cards, parts, session
from app.charts import tokens as charts

audit = session.open_audit()
parts.heading("row", "One prompt, one response, and everything that was measured on it.")
run = session.need_run(audit)

wanted = st.text_input("Row id", key="row", bind="query-params", icon=":material/search:")
if not wanted:
    parts.empty("Which row?", "Type a row id above, or come here from a check, a failure or a weight.", "failures", "weights", run=run.id)
    st.stop()

row = audit.row(run.id, wanted)
st.header("Prompt", anchor=False)
parts.foreign(row.prompt)
st.header("Response", anchor=False)
parts.foreign(row.response)
cards.row_source(row)

st.header("What each policy expected", divider="gray", anchor=False)
parts.chart(charts.token_strip(row.cells), "No token log-probabilities are stored for this row.", key="tokens")
st.header("Measured on this row", divider="gray", anchor=False)
parts.table(cards.cell_table(row), "Every measured cell of this row with its status.")
st.header("Weight", divider="gray", anchor=False)
parts.table(cards.row_weight_table(row), "The row's weight and rank under every target policy.")
st.header("What the judge said", divider="gray", anchor=False)
cards.judge_reply(row)

parts.glossary("log-probability", "nat", "log ratio", "weight", "judge score", "oracle label")
