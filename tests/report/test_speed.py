"""What the benchmark promises: a hundred thousand rows by three policies cost about a second."""

import time

from cje_audit.report.assemble import run_checks
from tests.checks.builders import column, log_normal_run
from tests.report.helpers import report_of


def test_a_hundred_thousand_rows() -> None:
    facts = log_normal_run(n=100_000)
    start = time.perf_counter()
    for target in facts.target_columns.values():
        column(facts.rows, target.values)
    run_checks(facts)
    report_of(facts)
    assert time.perf_counter() - start < 6.0
