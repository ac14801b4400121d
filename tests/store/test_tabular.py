"""Rows as CSV and Parquet: hostile texts come back as they are, and in CSV none can be a formula."""

import csv
import io
import json
import shutil
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from cje_audit.audit import Audit
from cje_audit.formats.options import ImportOptions
from tests.audit.test_people import finished as finished  # the fixture
from tests.pages.conftest import HOSTILE


def test_rows_come_back_with_scores_and_weights(finished: Path, tmp_path: Path) -> None:
    audit = Audit.open(shutil.copytree(finished, tmp_path / "workspace"))
    run = audit.runs()[0].id
    lines = list(csv.DictReader(io.StringIO(audit.rows_csv(run).decode())))
    report = audit.report(run)
    assert len(lines) == report.policies[0].n_total
    first = audit.row(run, "p00000")
    assert (lines[0]["row_id"], lines[0]["response"]) == ("p00000", HOSTILE)
    for weight in first.weights:
        told = lines[0][f"log_ratio_{weight.policy}"]
        assert (float(told) if told else None) == weight.log_ratio
    audit.close()


FORMULA_ROWS = 3


def imported_with_gaps(tmp_path: Path) -> tuple[Audit, str]:
    """Import rows some of which have no score, no label or no target log-prob, and some of which are formulas."""
    rows = [
        {
            "prompt_id": f"p{i:03}", "prompt": f"=cmd({i})" if i < FORMULA_ROWS else f"Question {i}",
            "response": f"-answer {i}" if i < FORMULA_ROWS else f"An answer, number {i}", "base_policy_logprob": -20.5 - i / 7,
            "target_policy_logprobs": {"near": None if i % 5 == 0 else -21.25 - i / 9},
            "judge_score": None if i % 4 == 0 else (i % 10) / 10, "oracle_label": i % 2 if i % 3 else None,
        }
        for i in range(40)
    ]  # fmt: skip
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    audit = Audit.open(tmp_path / "workspace")
    run = audit.import_files([tmp_path / "rows.jsonl"], ImportOptions())
    assert audit.wait(run, timeout_s=120).status == "complete"
    return audit, run


def test_the_rows_as_parquet_are_the_rows_as_csv_and_null_stays_null(tmp_path: Path) -> None:
    audit, run = imported_with_gaps(tmp_path)
    kept = pl.read_parquet(io.BytesIO(audit.rows_parquet(run)))
    told = pl.read_csv(io.BytesIO(audit.rows_csv(run)), schema=kept.schema)
    audit.close()
    assert kept.columns == told.columns
    holes = kept.null_count().row(0, named=True)
    assert (holes["judge_score"], holes["oracle_label"], holes["log_ratio_near"], holes["weight_near"]) == (
        10,
        14,
        8,
        8,
    )
    texts = [pl.col("prompt"), pl.col("response")]
    assert kept.select(texts).row(0) == ("=cmd(0)", "-answer 0")
    assert told.select(texts).row(0) == ("'=cmd(0)", "'-answer 0")
    bare = told.with_columns(text.str.strip_prefix("'") for text in texts)
    assert_frame_equal(bare, kept, check_exact=True)
