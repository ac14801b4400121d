"""Before and after: the estimates with the damage counted in, beside those without it."""

from dataclasses import replace

import numpy as np
import pytest

from cje_audit.domain.repair import CellCount, Snapshot, Stood
from cje_audit.numerics.snips import snips
from tests.checks.builders import log_normal_run, scores
from tests.report.helpers import report_of, with_target


def test_a_clean_run_has_no_repair() -> None:
    assert report_of(log_normal_run()).repairs == ()


def test_before_counts_the_damage_as_it_came_and_after_is_the_report() -> None:
    facts = log_normal_run()
    clean = facts.target_columns["near"].values
    hurt = clean.copy()
    hurt[:6] = -999.0
    damaged = with_target(facts, near=hurt)
    assert damaged.judge is not None and damaged.logging_column is not None
    [repair] = report_of(damaged).repairs
    assert [(c.policy, c.code, c.missing_before, c.missing_after) for c in repair.cells] == [("near", "sentinel", 0, 6)]
    assert {change.policy for change in repair.estimates} == {"near"}
    moved = next(c for c in repair.estimates if (c.estimator, c.reward) == ("snips", "judge"))
    want = snips(hurt - damaged.logging_column.values, damaged.judge.values).value
    rest = snips((clean - damaged.logging_column.values)[6:], damaged.judge.values[6:]).value
    assert moved.before is not None and moved.after is not None
    assert (moved.before.value, moved.before.n_used) == (pytest.approx(want, abs=1e-12), 400)
    assert (moved.after.value, moved.after.n_used) == (pytest.approx(rest, abs=1e-12), 394)
    assert "6 sentinel (near)" in repair.sentence
    assert "400 of 400 rows) before" in moved.sentence and "394 of 400 rows) after" in moved.sentence


def test_a_damaged_judge_touches_every_policy_with_its_scores_off_the_scale() -> None:
    facts = log_normal_run()
    assert facts.judge is not None
    off = facts.judge.values.copy()
    off[:5] = -1.0
    [repair] = report_of(replace(facts, judge=scores(facts.rows, off))).repairs
    assert {change.policy for change in repair.estimates} == {"base", "clone", "near"}
    plain = next(c for c in repair.estimates if c.policy == "base" and c.reward == "judge")
    assert plain.before is not None and plain.before.value == pytest.approx(off.mean(), abs=1e-12)


def test_a_value_that_never_came_is_no_damage() -> None:
    facts = log_normal_run()
    gone = facts.target_columns["near"].values.copy()
    gone[:9] = np.nan
    assert report_of(with_target(facts, near=gone)).repairs == ()


def test_what_was_asked_again_stands_beside_what_the_report_said_then() -> None:
    facts = log_normal_run()
    then = Stood(policy="near", estimator="snips", reward="judge", value=0.25, interval=(0.2, 0.3), n_used=360,
                 n_total=400, counted="rows")  # fmt: skip
    before = Snapshot(
        at="2026-11-28T00:00:00Z", estimates=(then,),
        cells=(CellCount(stage="target_policy", policy="near", code="timeout", count=40),),
    )  # fmt: skip
    gone = facts.target_columns["near"].values.copy()
    gone[:4] = np.nan
    report = report_of(replace(with_target(facts, near=gone), retries=(before,)))
    [repair] = report.repairs
    told = [(c.policy, c.code, c.missing_before, c.missing_after) for c in repair.cells]
    assert told == [("near", "timeout", 40, 0), ("near", "no_score", 0, 4)]
    assert "36 of 40 cells without a value have one now, 4 have none" in repair.sentence
    moved = next(c for c in repair.estimates if (c.policy, c.estimator, c.reward) == ("near", "snips", "judge"))
    assert moved.before == then
    primary = next(e for e in report.policies[2].estimates if e.primary)
    assert moved.after is not None and moved.after.value == primary.value
    assert "0.25 (0.2 to 0.3; 360 of 400 rows) before" in moved.sentence


def test_what_was_refused_then_has_no_number_before() -> None:
    facts = log_normal_run()
    report = report_of(replace(facts, retries=(Snapshot(at="t", estimates=(), cells=()),)))
    [repair] = report.repairs
    assert all(change.before is None and "no number before" in change.sentence for change in repair.estimates)
