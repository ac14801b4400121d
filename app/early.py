"""What a first visit would wait for, or find half imported: the server imports it before it answers."""

import pandas as pd  # noqa: F401  (Streamlit asks whether it is there while a table is drawn)
import plotly.graph_objects as go  # noqa: F401  (a third of a second that the first chart would take longer)

import cje_audit.audit.rooms  # noqa: F401  (the engine's larger half, more than a second)
