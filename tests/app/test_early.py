"""The server has loaded what a first visit needs before it answers at all."""

import subprocess
import sys

from cje_audit.settings import bundle_root

HEAVY = ("pandas", "plotly", "pyarrow", "scipy", "duckdb", "polars", "cje_audit")
FIRST_CHART = """
import sys
import app.asgi
before = set(sys.modules)
import pandas as pd
import cje_audit.audit.rooms
from app.charts.base import empty_figure
figure = empty_figure(200)
figure.add_scatter(x=[1], y=[1])
figure.add_bar(x=[1], y=[1])
figure.update_xaxes(title="share", tickformat=".0%")
figure.update_yaxes(title="rows")
figure.to_json()
pd.DataFrame({"text": ["a"]})
print(*sorted(set(sys.modules) - before))
"""


def test_a_first_chart_loads_nothing_more() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_CHART], cwd=bundle_root(), capture_output=True, text=True, timeout=120, check=True
    )
    assert [name for name in done.stdout.split() if name.startswith(HEAVY)] == []
