"""Estimates: which rows, which reward is the headline, which bounds."""

from dataclasses import replace

import numpy as np
import pytest

from tests.checks.builders import NAN, log_normal_run, scores
from tests.report.helpers import policy, report_of, with_target


def test_a_clone_is_worth_the_plain_mean_exactly() -> None:
    facts = log_normal_run(seed=5)
    report = report_of(facts)
    assert facts.judge is not None
    values = [e.value for e in policy(report, "clone").estimates]
    assert [e.estimator for e in policy(report, "clone").estimates] == ["ips", "snips", "calibrated_weights"]
    assert values == pytest.approx([float(facts.judge.values.mean())] * 3, abs=1e-12)
    assert values[0] == pytest.approx(policy(report, "base").estimates[0].value, abs=1e-12)


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
