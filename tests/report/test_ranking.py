"""Probability of being best: only where the order may stand, and a function of the numbers alone."""

from dataclasses import replace

import numpy as np
import pytest

from tests.checks.builders import log_normal_run, scores
from tests.report.helpers import policy, report_of, with_target


def test_clones_do_not_compete_and_the_chances_sum_to_one() -> None:
    report = report_of(log_normal_run())
    assert policy(report, "clone").probability_best is None
    chances = [policy(report, n).probability_best for n in ("base", "near")]
    assert sum(chances) == pytest.approx(1.0)
    assert report.summary.ranking is not None
    assert report.summary.ranking.startswith("Chance of being best: ")
    assert "joint normal distribution" in report.summary.ranking


def test_it_agrees_with_the_paired_comparison() -> None:
    """Two policies: P(near best) is the normal probability of their difference over its error."""
    from scipy.special import ndtr

    report = report_of(log_normal_run(n=800, sd=0.6, seed=5))
    pair = next(c for c in report.comparisons if {c.a, c.b} == {"base", "near"})
    assert pair.difference is not None
    assert pair.interval is not None
    error = (pair.interval[1] - pair.interval[0]) / 2 / 1.963
    sign = 1 if pair.a == "near" else -1
    assert policy(report, "near").probability_best == pytest.approx(
        float(ndtr(sign * pair.difference / error)), abs=0.01
    )


def test_a_refused_policy_has_no_chance_and_alone_nobody_has_one() -> None:
    facts = log_normal_run(n=300)
    far = with_target(facts, near=facts.target_columns["near"].values - np.random.default_rng(0).gamma(4, 15, 300))
    report = report_of(far)
    assert [p.probability_best for p in report.policies] == [None, None, None]
    assert report.summary.ranking is None


def test_the_same_facts_give_the_same_chances() -> None:
    facts = log_normal_run(seed=3)
    assert report_of(facts) == report_of(facts)


def test_a_clear_winner_is_above_99_percent() -> None:
    facts = log_normal_run(n=2000, sd=0.8, seed=2)
    clear = replace(facts, judge=scores(facts.rows, np.where(facts.log_ratio("near") > 0, 0.9, 0.1)))
    assert "near above 99 %" in (report_of(clear).summary.ranking or "")
