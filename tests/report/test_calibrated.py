"""The calibrated reward: when it is the headline, what it costs, and what it never touches."""

from dataclasses import replace

import numpy as np
import pytest

from cje_audit.report.facts import FreshDraws, RunFacts
from tests.checks.builders import NAN, found, log_normal_run, scores
from tests.report.helpers import policy, report_of

N = 1000


def labelled(labels: int = 300, seed: int = 0, **more: object) -> RunFacts:
    """The label is the square of the judge's score, with noise; the first rows are labelled."""
    facts = log_normal_run(n=N, seed=seed)
    assert facts.judge is not None
    noise = np.random.default_rng(seed + 50).normal(0, 0.1, N)
    truth = np.clip(facts.judge.values**2 + noise, 0, 1)
    return replace(facts, oracle=scores(facts.rows, np.where(np.arange(N) < labels, truth, NAN)), **more)


def with_draws(facts: RunFacts, offset: float, n: int = 200, labels: int = 200) -> RunFacts:
    """Fresh draws of `near`, whose labels lie `offset` above what the score predicts."""
    rng = np.random.default_rng(9)
    judge = rng.uniform(0.3, 0.9, n)
    oracle = np.where(np.arange(n) < labels, judge**2 + rng.normal(0, 0.05, n) + offset, NAN)
    return replace(facts, fresh_draws={"near": FreshDraws(judge, oracle, np.arange(n))})


def test_enough_labels_make_the_calibrated_reward_the_headline() -> None:
    near = policy(report_of(labelled()), "near")
    (headline,) = [e for e in near.estimates if e.primary]
    assert (headline.reward, headline.n_used) == ("calibrated", N)
    assert "average oracle label, predicted from the judge score" in near.sentence


def test_another_form_of_the_curve_is_reported() -> None:
    near = policy(report_of(labelled()), "near")
    (headline,) = [e for e in near.estimates if e.primary]
    assert headline.note is not None
    assert "With a straight line in place of the calibration curve: 0." in headline.note


def test_too_few_labels_leave_the_judge() -> None:
    report = report_of(labelled(99))
    assert [e.reward for e in policy(report, "near").estimates if e.primary] == ["judge"]
    assert found(list(report.checks()), "judge.calibration").status == "warn"


def test_a_judge_that_says_nothing_leaves_the_labels() -> None:
    facts = labelled()
    chance = np.where(np.arange(N) < 300, np.random.default_rng(3).uniform(size=N), NAN)
    report = report_of(replace(facts, oracle=scores(facts.rows, chance)))
    assert [e.reward for e in policy(report, "near").estimates if e.primary] == ["oracle"]
    assert "no better than the mean label" in found(list(report.checks()), "judge.calibration").sentence


def test_the_labels_error_is_in_the_standard_error() -> None:
    few, many = (policy(report_of(labelled(k)), "clone") for k in (120, 900))
    error = [next(e.standard_error for e in p.estimates if e.primary) for p in (few, many)]
    assert error[0] > 1.15 * error[1]


def test_row_order_does_not_matter() -> None:
    facts = labelled()
    turned = np.arange(N)[::-1]

    def turn(c):  # type: ignore[no-untyped-def]
        return replace(c, values=c.values[turned], codes=c.codes[turned], reported=c.reported[turned])

    rows = replace(
        facts.rows,
        **{
            k: getattr(facts.rows, k)[turned]
            for k in facts.rows.__dataclass_fields__
            if getattr(facts.rows, k) is not None
        },
    )
    back = replace(
        facts, rows=rows, judge=turn(facts.judge), oracle=turn(facts.oracle), logging_column=turn(facts.logging_column),
        target_columns={k: turn(v) for k, v in facts.target_columns.items()},
    )  # fmt: skip
    one, two = (next(e for e in policy(report_of(f), "near").estimates if e.primary) for f in (facts, back))
    assert (one.value, one.standard_error) == pytest.approx((two.value, two.standard_error), abs=1e-12)


@pytest.mark.parametrize(
    ("offset", "n", "labels", "status", "wanted"),
    [
        (0.0, 400, 400, "pass", "report"),
        (0.3, 200, 200, "fail", "refuse"),
        (0.05, 200, 200, "warn", "rank_only"),
        (0.0, 200, 5, "not_evaluated", "report"),
    ],
)
def test_transport_has_its_states(offset: float, n: int, labels: int, status: str, wanted: str) -> None:
    facts = with_draws(labelled(600), offset, n, labels)
    report = report_of(facts)
    check = found(list(report.checks()), "judge.transport", "near")
    assert str(check.status) == status
    assert str(policy(report, "near").verdict) == wanted
    assert (check.what_to_do is None) == (status == "pass")


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (0, " Whether scores predict labels as well on what near writes is untested: none of it is labelled."),
        (5, " Whether scores predict labels as well on what near writes is not settled: "
            "only 5 of its responses are labelled."),
        (400, "from 1,000 of 1,000 rows."),
    ],
)  # fmt: skip
def test_a_calibrated_headline_says_when_nobody_knows_whether_it_holds(labels: int, said: str) -> None:
    report = report_of(with_draws(labelled(600), 0.0, 400, labels))
    assert policy(report, "near").sentence.endswith(said)
    assert "labelled" not in policy(report, "base").sentence


def test_a_headline_on_the_judge_takes_no_calibration_for_granted() -> None:
    assert "predict labels" not in policy(report_of(labelled(50)), "near").sentence


def test_scores_beyond_the_labelled_ones_leave_only_the_order() -> None:
    facts = labelled(N)
    assert facts.judge is not None
    assert facts.oracle is not None
    low = np.where(facts.judge.values < 0.55, facts.oracle.values, NAN)
    report = report_of(replace(facts, oracle=scores(facts.rows, low)))
    assert policy(report, "near").reasons == ("estimation.calibration_range",)
    assert str(policy(report, "near").verdict) == "rank_only"


def test_the_truth_of_the_calibrated_reward_is_the_labelled_draws() -> None:
    near = policy(report_of(with_draws(labelled(), 0.0)), "near")
    truths = {t.reward: t for t in near.truths}
    assert truths["calibrated"].value == truths["oracle"].value
    assert truths["calibrated"].difference is not None
