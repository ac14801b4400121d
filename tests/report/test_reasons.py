"""Which estimator, which reward and which interval carry the headline, and why, in words."""

from dataclasses import replace

import numpy as np
import pytest

from cje_audit.report.facts import RunFacts
from tests.checks.builders import log_normal_run, scores
from tests.report.helpers import policy, report_of


def labelled(facts: RunFacts, n: int, *, informed: bool = True) -> RunFacts:
    assert facts.judge is not None
    random = np.random.default_rng(0)
    chance = facts.judge.values if informed else np.full(facts.rows.n, 0.5)
    labels = np.where(np.arange(facts.rows.n) < n, (random.random(facts.rows.n) < chance).astype(float), np.nan)
    return replace(facts, oracle=scores(facts.rows, labels))


def reason(facts: RunFacts, name: str = "near") -> str:
    (primary,) = [e for e in policy(report_of(facts), name).estimates if e.primary]
    assert primary.reason
    assert primary.interval_reason
    return primary.reason


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (log_normal_run(), "It rests on the judge score: there are no labels."),
        (labelled(log_normal_run(), 40), "40 of 400 rows have a label"),
        (labelled(log_normal_run(), 300), "It rests on calibrated scores: 300 of 400 rows have score and label"),
        (labelled(log_normal_run(), 300, informed=False), "the score predicts the label no better"),
        (
            replace(labelled(log_normal_run(), 300), wanted_reward="oracle"),
            "The experiment asks for the reward oracle.",
        ),
    ],
)
def test_the_reward_has_its_reason(facts: RunFacts, said: str) -> None:
    assert said in reason(facts)


def test_the_estimator_has_its_reason() -> None:
    assert reason(log_normal_run()).startswith("SNIPS carries the headline: ")
    assert reason(log_normal_run(), "base").startswith("The plain mean carries the headline: ")


def test_only_the_headline_has_a_reason_and_a_refused_policy_has_none() -> None:
    estimates = policy(report_of(log_normal_run()), "near").estimates
    assert [e.primary for e in estimates if e.reason] == [True]


def test_the_interval_says_why_it_is_the_one() -> None:
    tame = next(e for e in policy(report_of(log_normal_run(sd=0.2)), "near").estimates if e.primary)
    assert (tame.interval_reason or "").startswith("Student t: the weights are tame (")
    heavy = next(e for e in policy(report_of(log_normal_run(n=300, sd=1.2)), "near").estimates if e.primary)
    assert (heavy.interval_reason or "").startswith("Cressie–Read, not t: ")


def test_a_curve_that_decides_the_answer_is_warned_of() -> None:
    """Labels are a step of the score: a straight line answers otherwise, and that is said; a linear truth is quiet."""
    facts = log_normal_run(n=2000, sd=0.5)
    random = np.random.default_rng(0)
    judged = np.clip(random.beta(2, 5, 2000), 0.01, 0.99)
    ratio = facts.log_ratio("near")
    judged = np.where(ratio > 0.3, random.uniform(0.55, 0.65, 2000), judged)
    step = (judged > 0.9).astype(float)
    curved = replace(
        facts, judge=scores(facts.rows, judged), oracle=scores(facts.rows, np.where(judged > 0.6, 1.0, step))
    )
    warned = report_of(curved).summary.warnings
    assert any("depends on the calibration's form" in w for w in warned)
    assert report_of(labelled(facts, 1500)).summary.warnings == ()
