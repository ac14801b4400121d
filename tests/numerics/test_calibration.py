"""The calibration against brute force and against a known truth."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cje_audit.numerics.calibration import Calibration, can_calibrate, fit_calibration, isotonic_at, label_variance
from cje_audit.numerics.folds import FOLDS


def fitted(n: int = 300, seed: int = 0, levels: int = 0) -> tuple[Calibration, Any, Any, Any]:
    rng = np.random.default_rng(seed)
    score = rng.uniform(0, 100, n)
    score = np.round(score / 100 * levels) if levels else score
    label = np.clip(score / score.max() + rng.normal(0, 0.2, n), 0, 1)
    fold = rng.integers(0, FOLDS, n)
    return fit_calibration(score, label, fold, np.arange(n)), score, label, fold


def test_the_curve_rises_and_keeps_the_mean() -> None:
    got, score, label, _ = fitted()
    assert np.all(np.diff(got.whole) >= 0)
    at_labels = got.whole[np.searchsorted(got.nodes, score)]
    assert at_labels.mean() == pytest.approx(label.mean(), abs=1e-12)


@pytest.mark.parametrize("levels", [0, 4])
def test_no_label_predicts_itself(levels: int) -> None:
    got, score, label, fold = fitted(levels=levels)
    changed = label.copy()
    changed[fold == 3] = 1 - changed[fold == 3]
    again = fit_calibration(score, changed, fold, np.arange(len(score)))
    mine = fold == 3
    one, two = (c.predict(c.place(score[mine]), fold[mine]) for c in (got, again))
    assert np.array_equal(one, two)


@pytest.mark.parametrize("levels", [0, 4])
def test_predictions_and_replicates_equal_refitting_by_hand(levels: int) -> None:
    got, score, label, fold = fitted(levels=levels)
    rng = np.random.default_rng(1)
    new, weight = rng.uniform(-10, 110, 50), rng.uniform(size=50)
    by_hand = np.array([weight @ isotonic_at(score[fold != k], label[fold != k], new) for k in range(FOLDS)])
    plain = replace(got, pairs=None)
    assert plain.replicates(plain.place(new), weight) == pytest.approx(by_hand, abs=1e-12)
    assert got.replicates(got.place(new), weight).mean() == pytest.approx(by_hand.mean(), abs=1e-12)
    k = np.arange(50) % FOLDS
    want = [isotonic_at(score[fold != j], label[fold != j], new[i : i + 1])[0] for i, j in enumerate(k)]
    assert got.predict(got.place(new), k) == pytest.approx(want, abs=1e-12)


def test_empty_folds_are_no_replicates() -> None:
    score, fold = np.arange(40.0), np.arange(40) % 7
    got = fit_calibration(score, score / 40, fold, np.arange(40))
    assert len(got.replicates(got.place(score), np.full(40, 1 / 40))) == 7


def test_the_line_stays_within_the_labels() -> None:
    got, *_ = fitted()
    ends = got.predict_line(np.array([-1e6, 1e6]))
    assert ends.tolist() == list(got.label_range)


def test_skill_is_told_from_none() -> None:
    good, score, _, fold = fitted()
    rng = np.random.default_rng(5)
    chance = [fit_calibration(score, rng.uniform(size=300), fold, np.arange(300)).skill_z for _ in range(40)]
    assert good.skill_z is not None
    assert good.skill_z > 5
    assert sum(z is not None and z > 2.33 for z in chance) <= 1


def test_labels_that_never_vary_have_no_skill() -> None:
    score, fold = np.arange(40.0), np.arange(40) % FOLDS
    assert fit_calibration(score, np.ones(40), fold, np.arange(40)).skill is None
    assert not can_calibrate(np.ones(40), fold)
    assert not can_calibrate(score, np.zeros(40, dtype=np.int64))


@given(st.floats(0.1, 1000), st.floats(-500, 500))
@settings(max_examples=20, deadline=None)
def test_any_scale_of_scores_gives_the_same_labels(stretch: float, move: float) -> None:
    got, score, label, fold = fitted(n=120, levels=10)
    other = fit_calibration(score * stretch + move, label, fold, np.arange(120))
    at = np.arange(11.0)
    predicted = [
        c.predict(c.place(s), np.zeros(11, dtype=np.int64)) for c, s in ((got, at), (other, at * stretch + move))
    ]
    assert predicted[0] == pytest.approx(predicted[1], abs=1e-6)


def test_the_jackknife_knows_the_labels_share_of_the_error() -> None:
    rng = np.random.default_rng(2)
    target = rng.beta(4, 2, 400)
    values, variances = [], []
    for _ in range(300):
        score = rng.uniform(size=150)
        label = score**2 + rng.normal(0, 0.3, 150)
        got = fit_calibration(score, label, rng.integers(0, FOLDS, 150), np.arange(150))
        found = got.replicates(got.place(target), np.full(400, 1 / 400))
        values.append(float(np.interp(target, got.nodes, got.whole).mean()))
        variances.append(label_variance(found))
    assert np.sqrt(np.mean(variances)) == pytest.approx(np.std(values), rel=0.12)
