"""The estimates as CSV: what may be shown, and no cell that a spreadsheet would run."""

import csv
import io

from cje_audit.domain.checks import Verdict
from cje_audit.report.estimates_csv import COLUMNS, estimates_csv
from tests.app.reports import policy as made_policy
from tests.app.reports import report as made_report


def test_a_refused_policy_has_no_line() -> None:
    made = made_report(made_policy("good", Verdict.REPORT), made_policy("bad", Verdict.REFUSE))
    lines = list(csv.DictReader(io.StringIO(estimates_csv(made, {}))))
    assert [tuple(line) for line in lines] == [COLUMNS]
    assert (lines[0]["policy"], lines[0]["value"], lines[0]["n_used"], lines[0]["n_total"]) == (
        "good",
        "0.5",
        "90",
        "100",
    )


def test_a_hostile_policy_name_is_no_formula() -> None:
    hostile = [made_policy(sign + "cmd()", Verdict.REPORT) for sign in ("=", "+", "-", "@", "\t", "\r")]
    lines = list(csv.DictReader(io.StringIO(estimates_csv(made_report(*hostile), {}), newline="")))
    assert len(lines) == len(hostile)
    assert all(line["policy"].startswith("'") for line in lines)
