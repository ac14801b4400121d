"""One policy at a time: planted faults and what is said about them."""

from dataclasses import replace

import numpy as np
import pytest

from cje_audit.checks.frame import PolicyFacts
from tests.checks.builders import NAN, column, log_normal_run, no_codes, scores
from tests.report.helpers import policy, report_of, with_target


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
    assert near.next_step.endswith("fresh responses of near, judged, would give an interval of ± 0.02.")
    assert near.next_step == near.plan.sentence


def test_nothing_in_common_is_not_evaluated_with_a_sentence() -> None:
    facts = log_normal_run()
    assert facts.judge is not None
    target = np.where(np.arange(400) < 200, facts.target_columns["near"].values, NAN)
    judged = np.where(np.arange(400) < 200, NAN, facts.judge.values)
    near = policy(report_of(with_target(replace(facts, judge=scores(facts.rows, judged)), near=target)), "near")
    assert (str(near.verdict), near.n_used, near.estimates) == ("not_evaluated", 0, ())
    assert near.sentence.startswith("Nothing was computed for near: ")


def test_one_policys_missing_rows_never_touch_another() -> None:
    facts = log_normal_run()
    values = facts.target_columns["near"].values.copy()
    values[:20] = NAN
    before, after = report_of(facts), report_of(with_target(facts, near=values))
    assert policy(after, "clone") == policy(before, "clone")
    assert policy(after, "base") == policy(before, "base")


def test_roles_and_names_come_from_the_facts() -> None:
    facts = log_normal_run(logging=PolicyFacts("prod", "logging"))
    assert [(p.name, p.role) for p in report_of(facts).policies] == [
        ("prod", "logging"),
        ("clone", "clone"),
        ("near", "target"),
    ]


def test_sentence_carries_interval_and_denominators_and_says_what_is_measured() -> None:
    near = policy(report_of(log_normal_run()), "near")
    assert "95 % interval" in near.sentence
    assert "average judge score, not quality" in near.sentence
    assert "from 400 of 400 rows" in near.sentence
    assert [(e.estimator, e.reward) for e in near.estimates if e.primary] == [("snips", "judge")]
