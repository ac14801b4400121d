"""The labels' error is as large as the spread it stands for, also with few labels, where the jackknife says too much."""

from dataclasses import replace

import numpy as np
import pytest

from cje_audit.numerics.calibration import Calibration, fit_calibration, isotonic_at, label_variance
from cje_audit.numerics.folds import FOLDS
from cje_audit.numerics.interaction import MOST_LABELS, pair_curves, without_interaction

REPETITIONS = 400


def fitted(rng: np.random.Generator, n: int) -> Calibration:
    score = rng.random(n)
    return fit_calibration(score, score**2 + rng.normal(0, 0.2, n), rng.integers(0, FOLDS, n), np.arange(n))


@pytest.mark.parametrize("n", [80, 160])
def test_the_variance_of_a_mean_prediction_is_the_true_one(n: int) -> None:
    rng, new = np.random.default_rng(6), np.linspace(0.2, 1, 40)
    share = np.full(40, 1 / 40)
    value, told, jackknife = [], [], []
    for _ in range(REPETITIONS):
        curve = fitted(rng, n)
        placed = curve.place(new)
        value.append(float(share @ np.interp(new, curve.nodes, curve.whole)))
        told.append(label_variance(curve.replicates(placed, share)))
        jackknife.append(label_variance(replace(curve, pairs=None).replicates(placed, share)))
    spread = np.var(value, ddof=1)
    assert np.mean(told) / spread == pytest.approx(1, abs=0.15)
    assert np.mean(jackknife) > 1.1 * np.mean(told)


def test_pair_curves_equal_refitting_by_hand() -> None:
    rng = np.random.default_rng(2)
    score, fold = rng.integers(0, 12, 60) / 11, rng.integers(0, 6, 60)
    label, nodes = rng.random(60), np.unique(score)
    got = pair_curves(score, label, fold, nodes, np.bincount(fold, minlength=FOLDS) > 0)
    assert got is not None
    assert len(got.first) == 15
    for curve, a, b in zip(got.curves, got.first, got.second, strict=True):
        kept = (fold != a) & (fold != b)
        assert curve == pytest.approx(isotonic_at(score[kept], label[kept], nodes), abs=1e-12)


def test_too_few_folds_or_too_many_labels_have_none() -> None:
    score = np.linspace(0, 1, MOST_LABELS + 1)
    fold, two = np.arange(len(score)) % FOLDS, np.array([0, 1])
    assert pair_curves(score, score, fold, score, np.ones(FOLDS, dtype=bool)) is None
    assert pair_curves(score[:2], score[:2], two, score[:2], np.arange(FOLDS) < 2) is None


def test_no_variance_stays_none_and_half_is_left_at_least() -> None:
    first, second = np.array([0, 0, 1]), np.array([1, 2, 2])
    assert without_interaction(np.ones(3), 1.0, np.ones(3), first, second).tolist() == [1.0, 1.0, 1.0]
    noisy, pairs = np.array([0.0, 1.0, 2.0]), np.array([90.0, 0.0, -90.0])
    assert label_variance(without_interaction(noisy, 1.0, pairs, first, second)) == pytest.approx(
        label_variance(noisy) / 2
    )
