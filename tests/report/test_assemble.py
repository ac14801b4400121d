"""Whole reports: on real rows, on clean runs, and on hardly any."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cje_audit.checks.dataset import DatasetFacts, Quarantined
from cje_audit.domain.checks import CheckStatus
from cje_audit.report.facts import StageFacts
from tests.checks.builders import NAN, arena_run, column, log_normal_run, scores
from tests.report.helpers import report_of


def test_arena_refuses_the_hopeless_and_shows_the_clone_for_what_it_is(arena: Path) -> None:
    report = report_of(arena_run(arena))
    checks = {(c.id, c.policy): c for c in report.checks()}
    assert {p.name: str(p.verdict) for p in report.policies} == {
        "base": "report", "clone": "report", "parallel_universe_prompt": "refuse", "unhelpful": "refuse",
    }  # fmt: skip
    noise = checks["target_policy.clone_noise", "clone"]
    assert (noise.status, noise.n_affected) == ("warn", 50)
    assert "50 of 503" in noise.sentence
    assert "e^4" in noise.sentence
    mean = checks["target_policy.mean_weight", "clone"]
    assert mean.status != "pass"
    assert "1.26 (95 % interval 1.01 to 1.52" in mean.sentence
    assert all(p.weights is None or p.weights.n_clipped == 0 for p in report.policies)


def test_arena_is_otherwise_quiet(arena: Path) -> None:
    report = report_of(arena_run(arena))
    speaking = {c.id for c in report.checks() if c.status in (CheckStatus.WARN, CheckStatus.FAIL)}
    overlap = {
        f"estimation.{n}"
        for n in ("ess", "max_weight_share", "tail_index", "overlap", "near_zero_weights", "calibration_range")
    }
    assert speaking - overlap == {"dataset.truncation", "target_policy.clone_noise"}


def test_arena_without_target_logprobs_estimates_nothing(arena: Path) -> None:
    facts = arena_run(arena)
    report = report_of(replace(facts, targets={}, target_columns={}))
    failed = [c for c in report.checks() if c.status == "fail"]
    assert ("target_policy.computed", None) in {(c.id, c.policy) for c in failed}
    assert [e for p in report.policies for e in p.estimates] == []
    assert {str(p.verdict) for p in report.policies} == {"not_evaluated"}
    assert report.summary.best_policy is None
    assert report.summary.sentence.startswith("Nothing was estimated: ")


def test_each_check_appears_once_per_policy() -> None:
    report = report_of(log_normal_run())
    counts = Counter((c.id, c.policy) for c in report.checks())
    assert max(counts.values()) == 1
    assert {s.name: s.status for s in report.stages if s.status != "pass"} == {}
    assert [s.name for s in report.stages] == ["dataset", "logging_policy", "target_policy", "judge", "estimation"]


def test_same_facts_give_the_same_bytes_and_plain_json() -> None:
    one, two = report_of(log_normal_run(seed=3)), report_of(log_normal_run(seed=3))
    text = json.dumps(one.document(), allow_nan=False)
    assert text == json.dumps(two.document(), allow_nan=False)
    assert one.report_hash() == two.report_hash()


def test_a_dead_judge_blocks_everything() -> None:
    facts = log_normal_run()
    report = report_of(replace(facts, judge=scores(facts.rows, np.full(400, NAN))))
    assert {str(p.verdict) for p in report.policies} == {"not_evaluated"}
    assert [e for p in report.policies for e in p.estimates] == []


def test_counts_and_seconds_of_stages_are_passed_on() -> None:
    stages = (StageFacts("dataset", 400, 400, 0, 0.5),)
    first, second, *_ = report_of(log_normal_run(stages=stages)).stages
    assert (first.n_in, first.seconds) == (400, 0.5)
    assert (second.n_in, second.seconds) == (None, None)


def test_row_order_changes_no_number() -> None:
    facts = log_normal_run(n=300, seed=4)
    order = np.random.default_rng(0).permutation(300)
    shuffled = log_normal_run(n=300, seed=4)
    rows = replace(facts.rows, **{f: getattr(facts.rows, f)[order] for f in facts.rows.__dataclass_fields__})
    assert facts.logging_column is not None
    assert facts.judge is not None
    moved = replace(
        shuffled,
        rows=rows,
        logging_column=column(rows, facts.logging_column.values[order]),
        target_columns={n: column(rows, c.values[order]) for n, c in facts.target_columns.items()},
        judge=scores(rows, facts.judge.values[order]),
    )
    for one, two in zip(report_of(facts).policies, report_of(moved).policies, strict=True):
        assert [e.value for e in one.estimates] == pytest.approx([e.value for e in two.estimates], rel=1e-12)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_tiny_runs_are_refused_not_broken(n: int) -> None:
    report = report_of(log_normal_run(n=n))
    assert {str(p.verdict) for p in report.policies if p.role != "logging"} <= {"refuse", "not_evaluated"}


def test_no_rows_at_all() -> None:
    facts = log_normal_run(n=1)
    empty = replace(facts.rows, **{f: getattr(facts.rows, f)[:0] for f in facts.rows.__dataclass_fields__})
    nothing = column(empty, [])
    report = report_of(
        replace(
            facts, rows=empty, logging_column=nothing, target_columns={"near": nothing, "clone": nothing},
            judge=scores(empty, []), dataset=DatasetFacts(2, (Quarantined("line 1", "schema", "no id"),) * 2),
        )
    )  # fmt: skip
    assert {str(p.verdict) for p in report.policies} == {"not_evaluated"}
