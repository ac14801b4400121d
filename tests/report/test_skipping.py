"""skip_row takes a row out for every policy, counted and named; mark_missing touches one policy only."""

from dataclasses import replace

import numpy as np

from cje_audit.checks.frame import Column
from cje_audit.report.assemble import run_checks
from cje_audit.report.facts import RunFacts
from cje_audit.report.failures import failure_groups
from cje_audit.report.policies import policy_reports
from cje_audit.report.skipping import skipped_report, skipped_rows, without_skipped
from tests.checks.builders import found, log_normal_run

LOST = slice(10, 30)


def with_faults(**more: object) -> RunFacts:
    """A clean run of 400 rows in which 20 rows of `near` timed out."""
    facts = log_normal_run()
    column = facts.target_columns["near"]
    values, codes = column.values.copy(), column.codes.copy()
    values[LOST], codes[LOST] = np.nan, "timeout"
    near = Column(values=values, codes=codes, reported=column.reported)
    return replace(facts, target_columns={**facts.target_columns, "near": near}, **more)  # type: ignore[arg-type]


def test_without_skip_row_nothing_changes() -> None:
    facts = with_faults()
    assert without_skipped(facts) is facts
    assert skipped_report(facts) is None


def test_a_failed_cell_takes_its_row_out_for_all() -> None:
    facts = with_faults(skip_stages=frozenset({"target_policy"}))
    kept = without_skipped(facts)
    assert kept.rows.n == facts.rows.n == 400
    assert all(c.n_ok == 380 and set(c.codes[LOST]) == {"timeout"} for c in kept.target_columns.values())
    assert (kept.logging_column or kept.judge) is not None
    assert [c.n_ok for c in (kept.logging_column, kept.judge) if c is not None] == [380, 380]
    told = skipped_report(facts)
    assert told is not None
    assert (told.n, told.n_total, len(told.example_ids) > 0) == (20, 400, True)
    assert [(r.stage, r.policy, r.code, r.count) for r in told.reasons] == [("target_policy", "near", "timeout", 20)]
    assert told.sentence.startswith("skip_row left 20 of 400 rows out for every policy")


def test_only_the_named_stages_take_rows_out() -> None:
    facts = with_faults(skip_stages=frozenset({"judge"}))
    assert not skipped_rows(facts).rows.any()
    told = skipped_report(facts)
    assert told is not None and told.sentence == "skip_row left no row out: none of the 400 rows has a failed cell."


def test_counts_stay_honest_and_failures_are_not_multiplied() -> None:
    facts = with_faults(skip_stages=frozenset({"target_policy"}))
    checks = run_checks(facts)
    used = {p.name: (p.n_total, p.n_used, p.missing_by_code) for p in policy_reports(without_skipped(facts), checks)}
    assert used == dict.fromkeys(("base", "clone", "near"), (400, 380, {"timeout": 20}))
    assert [(g.policy, g.count) for g in failure_groups(facts)] == [("near", 20)]
    assert found(checks, "target_policy.coverage", "clone").status == "pass"
    assert {p.name: p.n_used for p in policy_reports(with_faults(), run_checks(with_faults()))}["clone"] == 400
