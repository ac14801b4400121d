"""Comparisons: who may be compared, and who is ahead."""

from dataclasses import replace

import numpy as np

from tests.checks.builders import NAN, log_normal_run, scores
from tests.report.helpers import report_of, with_target


def test_the_best_policy_needs_a_lead_beyond_chance() -> None:
    facts = log_normal_run(n=2000, sd=0.8, seed=2)
    ratio = facts.log_ratio("near")
    clear = replace(facts, judge=scores(facts.rows, np.where(ratio > 0, 0.9, 0.1)))
    assert report_of(clear).summary.best_policy == "near"
    blind = replace(facts, judge=scores(facts.rows, np.random.default_rng(0).random(2000)))
    assert report_of(blind).summary.best_policy is None


def test_policies_of_different_rewards_are_not_compared() -> None:
    facts = log_normal_run()
    labels = np.where(np.arange(400) < 110, 1.0 * (np.arange(400) % 2), NAN)
    lost = facts.target_columns["near"].values.copy()
    lost[:30] = NAN
    report = report_of(with_target(replace(facts, oracle=scores(facts.rows, labels)), near=lost))
    pair = next(c for c in report.comparisons if {c.a, c.b} == {"base", "near"})
    assert (pair.comparable, pair.difference) == (False, None)
    assert "base is measured by oracle, near by judge" in pair.sentence
