"""The rows of one bar: every row is in exactly one bar, and the bars of the report's histogram count the same rows."""

import math
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from cje_audit.store.tables import RunTables, StageRecord, TableWrite
from cje_audit.store.weight_rows import weight_rows

RATIOS = [-1.0, 0.0, 0.5, 1.0, 1.0, 800.0]


@pytest.fixture
def tables(tmp_path: Path) -> Iterator[RunTables]:
    opened = RunTables(tmp_path / "run.duckdb", read_only=False)
    n = len(RATIOS)
    sample = pl.DataFrame(
        {
            "row": range(n), "row_id": [f"r{i}" for i in range(n)], "prompt_id": [f"r{i}" for i in range(n)],
            "draw": [0] * n, "cluster": range(n), "text_key": range(n), "prompt": [f"Question {i}" for i in range(n)], "response": ["An answer"] * n,
        }
    )  # fmt: skip
    weights = [math.exp(x) if x < 700 else None for x in RATIOS]
    weight = pl.DataFrame({"row": range(n), "policy": ["near"] * n, "log_ratio": RATIOS, "weight": weights})
    record = StageRecord("estimation", "f", n, n, 0, 0.5, {})
    opened.commit_stage(record, [TableWrite("sample", sample), TableWrite("weight", weight)], {})
    yield opened
    opened.close()


def test_only_the_last_bar_counts_its_upper_end_in(tables: RunTables) -> None:
    first = weight_rows(tables, "near", -1.0, 1.0, closed=False, offset=0, limit=10)
    last = weight_rows(tables, "near", 1.0, 800.0, closed=True, offset=0, limit=10)
    assert [row.row_id for row in first.rows] == ["r2", "r1", "r0"]
    assert [row.row_id for row in last.rows] == ["r5", "r3", "r4"]
    assert (first.total, last.total) == (3, 3)


def test_a_weight_that_cannot_be_held_is_none(tables: RunTables) -> None:
    page = weight_rows(tables, "near", 1.0, 800.0, closed=True, offset=0, limit=1)
    assert page.rows[0].weight is None
    assert (page.rows[0].log_ratio, page.rows[0].prompt) == (800.0, "Question 5")


def test_pages_follow_each_other(tables: RunTables) -> None:
    pages = [weight_rows(tables, "near", -1.0, 800.0, closed=True, offset=o, limit=2) for o in (0, 2, 4)]
    assert [r.row_id for page in pages for r in page.rows] == ["r5", "r3", "r4", "r2", "r1", "r0"]


def test_another_policy_has_no_rows_here(tables: RunTables) -> None:
    assert weight_rows(tables, "far", -1.0, 800.0, closed=True, offset=0, limit=2).total == 0
