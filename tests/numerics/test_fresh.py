"""Fresh-draw estimators against a truth that is known, with a calibration that holds and one that does not."""

import numpy as np
import pytest

from cje_audit.numerics.calibration import fit_calibration
from cje_audit.numerics.folds import FOLDS
from cje_audit.numerics.fresh import Scored, calibrated_mean, doubly_robust
from cje_audit.numerics.point import infer


def world(seed: int, bias: float, n: int = 400) -> tuple[float, dict[str, tuple[float, float]]]:
    """The target's log ratio moves the score by 0.4; the label is score + bias · (target's own trait) + noise."""
    rng = np.random.default_rng(seed)
    shift = rng.normal(size=n)
    score, label = shift, 0.5 * shift + bias * shift + rng.normal(0, 0.3, n)
    ratio = -0.08 + 0.4 * shift
    fold, cluster = rng.integers(0, FOLDS, n), np.arange(n)
    fitted = fit_calibration(score, label, fold, cluster)
    fresh = rng.normal(0.4, 1.0, n)
    own = 0.5 * fresh + bias * fresh + rng.normal(0, 0.3, n)
    own[100:] = np.nan
    draws = Scored(fresh, own, fitted.predict(fitted.place(fresh), fold), cluster)
    logged = Scored(score, label, fitted.predict(fitted.place(score), fold), cluster)
    found = {"mean": calibrated_mean(draws, fitted), "dr": doubly_robust(draws, logged, ratio, fitted)}
    told = {k: infer(s.point, s.cluster) for k, s in found.items()}
    return 0.4 * (0.5 + bias), {k: (float(i.value or 0), float(i.standard_error or 0)) for k, i in told.items()}


@pytest.mark.parametrize("name", ["mean", "dr"])
def test_value_and_error_are_true(name: str) -> None:
    got = [world(seed, 0.2) for seed in range(150)]
    values = np.array([found[name][0] for _, found in got])
    errors = np.array([found[name][1] for _, found in got])
    assert abs(values.mean() - got[0][0]) < 4 * values.std() / np.sqrt(150)
    assert errors.mean() == pytest.approx(values.std(), rel=0.2)


def test_own_labels_mend_a_calibration_that_does_not_hold() -> None:
    rng = np.random.default_rng(0)
    score, fold = rng.uniform(size=400), rng.integers(0, FOLDS, 400)
    fitted = fit_calibration(score, score, fold, np.arange(400))
    own = np.where(np.arange(400) < 50, score - 0.5, np.nan)
    draws = Scored(score, own, fitted.predict(fitted.place(score), fold), np.arange(400))
    mended = calibrated_mean(draws, fitted)
    assert mended.corrected
    assert mended.point.value == pytest.approx(score.mean() - 0.5, abs=0.02)
    few = Scored(score, np.where(np.arange(400) < 5, own, np.nan), draws.predicted, np.arange(400))
    assert not calibrated_mean(few, fitted).corrected
