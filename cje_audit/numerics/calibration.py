"""From judge score to oracle label: a monotone curve, fitted once per left-out fold of prompts."""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import isotonic_regression

from cje_audit.numerics.arrays import Bools, Floats, Ints, Pair
from cje_audit.numerics.folds import FOLDS, occupied
from cje_audit.numerics.inference import clustered_standard_error
from cje_audit.numerics.interaction import PairCurves, pair_curves, without_interaction

MIN_DISTINCT = 2


@dataclass(frozen=True, eq=False)
class Placed:
    """Scores placed between the nodes of a calibration: `left` node, int64 (n,), and the `part` of the way right."""

    left: Ints
    part: Floats


@dataclass(frozen=True, eq=False)
class Calibration:
    """Monotone curves from score to label, linear between `nodes`, constant beyond the labelled range.

    Attributes
    ----------
    nodes
        float64 (u,): the distinct labelled scores, rising; u ≥ 2.
    whole
        float64 (u,): the curve of all labels at the nodes.
    without
        float64 (folds, u): row k is the curve fitted without fold k, so no label ever predicts itself.
    labelled
        bool (folds,): folds that hold a label; the jackknife runs over these.
    line
        Intercept and slope of the straight line through all labels: the other form, for sensitivity.
    label_range
        Smallest and largest label.
    n
        Labelled rows.
    skill, skill_z
        Share of the labels' spread that the cross-fitted curve explains, and its distance from none in clustered
        standard errors; None where the labels do not vary.
    pairs
        The curves without two folds each; None with too few folds or too many labels.
    """

    nodes: Floats
    whole: Floats
    without: Floats
    labelled: Bools
    line: Pair
    label_range: Pair
    n: int
    skill: float | None
    skill_z: float | None
    pairs: PairCurves | None = None

    def place(self, score: Floats) -> Placed:
        """Place scores, shape (n,) without missing values, between the nodes."""
        left = np.clip(np.searchsorted(self.nodes, score, side="right") - 1, 0, len(self.nodes) - 2)
        low, high = self.nodes[left], self.nodes[left + 1]
        return Placed(left, np.clip((score - low) / (high - low), 0.0, 1.0))

    def predict(self, placed: Placed, fold: Ints) -> Floats:
        """Return each score's label as predicted by the curve that has not seen its fold, float64 (n,)."""
        low, high = self.without[fold, placed.left], self.without[fold, placed.left + 1]
        predicted: Floats = low + placed.part * (high - low)
        return predicted

    def predict_line(self, score: Floats) -> Floats:
        """Return the straight line's prediction, kept within the range of the labels."""
        predicted: Floats = np.clip(self.line[0] + self.line[1] * score, *self.label_range)
        return predicted

    def replicates(self, placed: Placed, share: Floats) -> Floats:
        r"""Return :math:`\sum_i s_i f_{-k}(S_i)` for every labelled fold k: what an estimate is without its labels.

        `share`, float64 (n,), are the estimate's weights on the predictions. The shares are first gathered at the
        nodes, so this is one pass over the rows however many folds there are. They are drawn towards their mean by what
        the jackknife would count twice; see `without_interaction`.
        """
        u = len(self.nodes)
        mass = np.bincount(placed.left, weights=share, minlength=u)
        right = np.bincount(placed.left, weights=share * placed.part, minlength=u)
        mass -= right
        mass[1:] += right[:-1]
        found: Floats = self.without[self.labelled] @ mass
        if self.pairs is None:
            return found
        whole, two = float(self.whole @ mass), self.pairs.curves @ mass
        return without_interaction(found, whole, two, self.pairs.first, self.pairs.second)


def isotonic_at(score: Floats, label: Floats, nodes: Floats) -> Floats:
    """Fit the monotone least-squares curve and return it at `nodes`; ties in the score are pooled first.

    Pool adjacent violators (Ayer et al. 1955) by SciPy; linear between the fitted points, constant beyond them.

    Examples
    --------
    >>> isotonic_at(np.array([0.0, 1.0, 2.0]), np.array([0.0, 3.0, 1.0]), np.array([0.5, 2.0])).tolist()
    [1.0, 2.0]
    """
    at, place, count = np.unique(score, return_inverse=True, return_counts=True)
    mean = np.bincount(place, weights=label) / count
    fitted: Floats = np.interp(nodes, at, isotonic_regression(mean, weights=count.astype(np.float64)).x)
    return fitted


def can_calibrate(score: Floats, fold: Ints) -> bool:
    """Say whether there is anything to fit: two distinct scores, and labels in two folds."""
    return len(np.unique(score)) >= MIN_DISTINCT and int(occupied(fold).sum()) >= MIN_DISTINCT


def fit_calibration(score: Floats, label: Floats, fold: Ints, cluster: Ints) -> Calibration:
    """Fit all curves on the labelled rows; arrays of shape (m,) without missing values, `can_calibrate` holds.

    Examples
    --------
    >>> s, fold = np.array([0.0, 1.0, 0.0, 1.0]), np.array([0, 1, 2, 3])
    >>> got = fit_calibration(s, np.array([0.0, 1.0, 0.0, 1.0]), fold, fold)
    >>> got.predict(got.place(np.array([0.25])), np.array([0])).tolist()
    [0.25]
    """
    nodes = np.unique(score)
    whole = isotonic_at(score, label, nodes)
    labelled = occupied(fold)
    without = np.stack(
        [isotonic_at(score[fold != k], label[fold != k], nodes) if labelled[k] else whole for k in range(FOLDS)]
    )
    slope = float(np.cov(score, label)[0, 1] / score.var(ddof=1))
    line = (float(label.mean()) - slope * float(score.mean()), slope)
    fitted = Calibration(
        nodes=nodes,
        whole=whole,
        without=without,
        labelled=labelled,
        line=line,
        label_range=(float(label.min()), float(label.max())),
        n=len(label),
        skill=None,
        skill_z=None,
        pairs=pair_curves(score, label, fold, nodes, labelled),
    )
    return _with_skill(fitted, score, label, fold, cluster)


def _with_skill(fitted: Calibration, score: Floats, label: Floats, fold: Ints, cluster: Ints) -> Calibration:
    """Add how much better than a cross-fitted mean the cross-fitted curve predicts."""
    sums, counts = np.bincount(fold, weights=label, minlength=FOLDS), np.bincount(fold, minlength=FOLDS)
    mean = ((label.sum() - sums) / (len(label) - counts))[fold]
    plain = np.square(label - mean)
    gain = plain - np.square(label - fitted.predict(fitted.place(score), fold))
    if not plain.sum():
        return fitted
    skill, error = float(gain.sum() / plain.sum()), clustered_standard_error(gain - gain.mean(), cluster)
    z = math.copysign(math.inf, skill) if not error else float(gain.mean()) / error
    return replace(fitted, skill=skill, skill_z=z)


def label_variance(replicates: Floats) -> float:
    r"""Variance that the labels' own uncertainty adds: the delete-a-group jackknife over folds of prompts.

    :math:`\frac{J-1}{J}\sum_k(\hat\psi_{-k}-\bar\psi)^2` (Shao & Tu 1995, §2.2); the curve is refitted each time, so
    the uncertainty of its shape is in it.

    Examples
    --------
    >>> label_variance(np.array([1.0, 3.0]))
    1.0
    """
    j = len(replicates)
    return float((j - 1) / j * np.square(replicates - replicates.mean()).sum())
