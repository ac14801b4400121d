"""Rows as CSV: hostile texts come back as they are, and none can be a formula."""

import csv
import io
import shutil
from pathlib import Path

from cje_audit.audit import Audit
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
