"""Whole reports on real rows and on planted faults."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cje_audit.checks.dataset import DatasetFacts, Quarantined
from cje_audit.checks.frame import PolicyFacts
from cje_audit.domain.checks import CheckStatus
from cje_audit.domain.report import Report, RunHeader
from cje_audit.report.assemble import assemble, run_checks
from cje_audit.report.facts import FreshDraws, RunFacts, StageFacts
from tests.checks.builders import NAN, arena_run, column, floats, log_normal_run, no_codes, scores

HEADER = RunHeader(
    id="r1", name="test", status="complete", created_at="2026-01-01T00:00:00Z", config_hash="c", data_hash=None,
    engine_version="0", git_commit=None,
)  # fmt: skip


def report_of(facts: RunFacts) -> Report:
    return assemble(HEADER, facts, run_checks(facts))


def with_target(facts: RunFacts, **values: Any) -> RunFacts:
    columns = {**facts.target_columns, **{n: column(facts.rows, v) for n, v in values.items()}}
    return replace(facts, target_columns=columns)


def policy(report: Report, name: str) -> Any:
    found = report.policy(name)
    assert found is not None
    return found


# --- real rows -------------------------------------------------------------------------------------------------------


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
    overlap = {f"estimation.{n}" for n in ("ess", "max_weight_share", "tail_index", "overlap", "near_zero_weights")}
    assert speaking - overlap == {"dataset.truncation", "target_policy.clone_noise"}


def test_arena_truths_are_held_against_their_own_reward(arena: Path) -> None:
    report = report_of(arena_run(arena))
    clone = policy(report, "clone")
    (truth,) = clone.truths
    assert (truth.reward, truth.n, truth.agrees) == ("judge", 503, True)
    assert truth.value == pytest.approx(0.8479125248508945, abs=1e-12)
    (missed,) = policy(report, "unhelpful").truths
    assert missed.agrees is False


def test_arena_without_target_logprobs_estimates_nothing(arena: Path) -> None:
    facts = arena_run(arena)
    report = report_of(replace(facts, targets={}, target_columns={}))
    failed = [c for c in report.checks() if c.status == "fail"]
    assert ("target_policy.computed", None) in {(c.id, c.policy) for c in failed}
    assert [e for p in report.policies for e in p.estimates] == []
    assert {str(p.verdict) for p in report.policies} == {"not_evaluated"}
    assert report.summary.best_policy is None
    assert report.summary.sentence.startswith("Nothing was estimated: ")


# --- clean runs ------------------------------------------------------------------------------------------------------


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


def test_a_clone_is_worth_the_plain_mean_exactly() -> None:
    facts = log_normal_run(seed=5)
    report = report_of(facts)
    assert facts.judge is not None
    values = [e.value for e in policy(report, "clone").estimates]
    assert values == pytest.approx([float(facts.judge.values.mean())] * 2, abs=1e-12)
    assert values[0] == pytest.approx(policy(report, "base").estimates[0].value, abs=1e-12)


def test_sentence_carries_interval_and_denominators_and_says_what_is_measured() -> None:
    near = policy(report_of(log_normal_run()), "near")
    assert "95 % interval" in near.sentence
    assert "average judge score, not quality" in near.sentence
    assert "from 400 of 400 rows" in near.sentence
    assert [(e.estimator, e.reward) for e in near.estimates if e.primary] == [("snips", "judge")]


@pytest.mark.parametrize(("labels", "reward"), [(99, "judge"), (100, "oracle")])
def test_a_hundred_labels_make_the_headline(labels: int, reward: str) -> None:
    facts = log_normal_run()
    truth = np.where(np.arange(400) < labels, (np.arange(400) % 3 == 0).astype(float), NAN)
    near = policy(report_of(replace(facts, oracle=scores(facts.rows, truth))), "near")
    (headline,) = [e for e in near.estimates if e.primary]
    assert headline.reward == reward
    assert {e.n_used for e in near.estimates if e.reward == "oracle"} == {labels}


def test_labels_off_the_scale_have_no_bounds_but_a_value() -> None:
    facts = log_normal_run()
    labels = np.where(np.arange(400) < 300, np.arange(400) % 7.0, NAN)
    lost = facts.target_columns["near"].values.copy()
    lost[:5] = NAN
    report = report_of(with_target(replace(facts, oracle=scores(facts.rows, labels, (0.0, 10.0))), near=lost))
    (headline,) = [e for e in policy(report, "near").estimates if e.primary]
    assert (headline.reward, headline.missing_bounds) == ("oracle", None)
    assert headline.interval_method == "Student t, clustered by prompt"


def test_the_best_policy_needs_a_lead_beyond_chance() -> None:
    facts = log_normal_run(n=2000, sd=0.8, seed=2)
    ratio = facts.log_ratio("near")
    clear = replace(facts, judge=scores(facts.rows, np.where(ratio > 0, 0.9, 0.1)))
    assert report_of(clear).summary.best_policy == "near"
    blind = replace(facts, judge=scores(facts.rows, np.random.default_rng(0).random(2000)))
    assert report_of(blind).summary.best_policy is None


# --- planted faults --------------------------------------------------------------------------------------------------


def test_uniform_by_bug_is_refused_and_the_clone_is_not() -> None:
    facts = log_normal_run()
    assert facts.logging_column is not None
    report = report_of(with_target(facts, near=facts.logging_column.values))
    assert {p.name: str(p.verdict) for p in report.policies} == {"base": "report", "clone": "report", "near": "refuse"}
    near = policy(report, "near")
    assert near.sentence.startswith("No number for near: every weight for near is exactly 1.")
    assert near.estimates
    assert not any(e.primary for e in near.estimates)
    assert near.reasons == ("target_policy.uniform_weights",)


def test_a_skipped_policy_is_not_evaluated_and_leaves_the_others_alone() -> None:
    facts = log_normal_run()
    whole, part = report_of(facts), report_of(with_target(facts, near=np.full(400, NAN)))
    near = policy(part, "near")
    assert (str(near.verdict), near.estimates, near.weights) == ("not_evaluated", (), None)
    assert near.missing_by_code == {"no_score": 400}
    assert policy(part, "clone") == policy(whole, "clone")


def test_a_broken_judge_warns_and_widens_the_bounds() -> None:
    facts = log_normal_run(n=500)
    assert facts.judge is not None
    values, codes = facts.judge.values.copy(), no_codes(500)
    values[:30], codes[:30] = NAN, "unparseable"
    broken = replace(facts, judge=replace(facts.judge, values=values, codes=codes))
    near = policy(report_of(broken), "near")
    (headline,) = [e for e in near.estimates if e.primary]
    assert (str(near.verdict), near.n_used, near.missing_by_code) == ("report", 470, {"unparseable": 30})
    assert headline.missing_bounds is not None
    assert headline.missing_bounds[0] < headline.value < headline.missing_bounds[1]
    assert "If all missing rows were worst or best cases" in near.sentence
    assert "weigh like the others" not in near.sentence
    group = next(g for g in report_of(broken).failures if g.code == "unparseable")
    assert (group.stage, group.policy, group.count, group.retryable) == ("judge", None, 30, True)


def test_fallback_constants_cost_exactly_their_rows() -> None:
    facts = log_normal_run()
    values = facts.target_columns["near"].values.copy()
    values[10:20] = -100.0
    report = report_of(with_target(facts, near=values))
    near = policy(report, "near")
    assert (near.missing_by_code, near.n_used) == ({"sentinel": 10}, 390)
    assert [(g.policy, g.code, g.count) for g in report.failures] == [("near", "sentinel", 10)]
    assert "if failed rows weigh like the others" in near.sentence
    without = policy(report_of(with_target(facts, near=np.where(values == -100.0, NAN, values))), "near")
    assert [e.value for e in near.estimates] == [e.value for e in without.estimates]


def test_many_rows_without_a_logprob_print_the_whole_scale() -> None:
    facts = log_normal_run()
    values = facts.target_columns["near"].values.copy()
    values[:40] = NAN
    assert "the bound is the whole scale" in policy(report_of(with_target(facts, near=values)), "near").sentence


def test_log_ratios_of_nine_hundred_nats_leave_no_infinity() -> None:
    facts = log_normal_run()
    assert facts.logging_column is not None
    low = facts.logging_column.values.copy()
    low[:5] -= 900
    near = policy(report_of(replace(facts, logging_column=column(facts.rows, low))), "near")
    assert str(near.verdict) == "refuse"
    assert near.weights is not None
    assert near.weights.mean is None
    assert near.weights.ess == pytest.approx(np.clip(near.weights.ess, 1, 5))


def test_a_dead_judge_blocks_everything() -> None:
    facts = log_normal_run()
    report = report_of(replace(facts, judge=scores(facts.rows, np.full(400, NAN))))
    assert {str(p.verdict) for p in report.policies} == {"not_evaluated"}
    assert [e for p in report.policies for e in p.estimates] == []


def test_a_judge_off_its_scale_refuses_judge_rewards_only() -> None:
    facts = log_normal_run()
    assert facts.judge is not None
    values = facts.judge.values.copy()
    values[:60] = 7.0
    off = replace(facts, judge=scores(facts.rows, values))
    assert str(policy(report_of(off), "near").verdict) == "refuse"
    labelled = replace(off, oracle=scores(facts.rows, (np.arange(400) % 2).astype(float)))
    assert str(policy(report_of(labelled), "near").verdict) == "report"


def test_refused_sentences_hold_no_estimate_and_say_what_is_next() -> None:
    facts = log_normal_run(n=300)
    far = facts.target_columns["near"].values - np.random.default_rng(0).gamma(4, 15, 300)
    near = policy(report_of(with_target(facts, near=far)), "near")
    assert str(near.verdict) == "refuse"
    assert near.sentence.startswith("No number for near: it writes text the logs hardly contain (")
    assert "of 300" in near.sentence
    assert "interval" not in near.sentence
    assert near.next_step is not None
    assert near.next_step.endswith("fresh responses of near, judged, for an interval of ± 0.02.")


def test_nothing_in_common_is_not_evaluated_with_a_sentence() -> None:
    facts = log_normal_run()
    assert facts.judge is not None
    target = np.where(np.arange(400) < 200, facts.target_columns["near"].values, NAN)
    judged = np.where(np.arange(400) < 200, NAN, facts.judge.values)
    near = policy(report_of(with_target(replace(facts, judge=scores(facts.rows, judged)), near=target)), "near")
    assert (str(near.verdict), near.n_used, near.estimates) == ("not_evaluated", 0, ())
    assert near.sentence.startswith("Nothing was computed for near: ")


def test_bad_lines_and_conflicts_become_failures() -> None:
    lines = tuple(Quarantined(f"line {i}", "encoding", "not UTF-8") for i in range(3))
    facts = log_normal_run(dataset=DatasetFacts(405, lines, conflicting_ids=("p1", "p1")))
    groups = [(g.stage, g.code, g.count, g.example_ids) for g in report_of(facts).failures]
    assert groups == [
        ("dataset", "encoding", 3, ("line 0", "line 1", "line 2")),
        ("dataset", "duplicate", 2, ("p1", "p1")),
    ]


def test_an_unknown_code_is_counted_as_unknown() -> None:
    facts = log_normal_run()
    assert facts.judge is not None
    values, codes = facts.judge.values.copy(), no_codes(400)
    values[0], codes[0] = NAN, "new_thing"
    groups = report_of(replace(facts, judge=replace(facts.judge, values=values, codes=codes))).failures
    assert [g.code for g in groups] == ["unknown"]


def test_one_policys_missing_rows_never_touch_another() -> None:
    facts = log_normal_run()
    values = facts.target_columns["near"].values.copy()
    values[:20] = NAN
    before, after = report_of(facts), report_of(with_target(facts, near=values))
    assert policy(after, "clone") == policy(before, "clone")
    assert policy(after, "base") == policy(before, "base")


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


def test_truths_of_labels_and_of_the_logging_policy() -> None:
    facts = log_normal_run()
    draws = FreshDraws(floats([0.5] * 50), floats([1.0, 0.0] * 10 + [None] * 30), np.arange(50))
    report = report_of(replace(facts, fresh_draws={"near": draws, "base": draws}))
    judged, labelled = policy(report, "near").truths
    assert (judged.value, judged.n, labelled.value, labelled.n) == (0.5, 50, 0.5, 20)
    assert labelled.difference is None
    assert judged.agrees is not None
    assert len(policy(report, "base").truths) == 2


def test_policies_of_different_rewards_are_not_compared() -> None:
    facts = log_normal_run()
    labels = np.where(np.arange(400) < 110, 1.0 * (np.arange(400) % 2), NAN)
    lost = facts.target_columns["near"].values.copy()
    lost[:30] = NAN
    report = report_of(with_target(replace(facts, oracle=scores(facts.rows, labels)), near=lost))
    pair = next(c for c in report.comparisons if {c.a, c.b} == {"base", "near"})
    assert (pair.comparable, pair.difference) == (False, None)
    assert "base is measured by oracle, near by judge" in pair.sentence


def test_roles_and_names_come_from_the_facts() -> None:
    facts = log_normal_run(logging=PolicyFacts("prod", "logging"))
    assert [(p.name, p.role) for p in report_of(facts).policies] == [
        ("prod", "logging"),
        ("clone", "clone"),
        ("near", "target"),
    ]
