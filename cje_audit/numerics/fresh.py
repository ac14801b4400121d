"""Estimates from responses the policy wrote itself: corrected by its own labels, or by the logged ones."""

from dataclasses import dataclass

import numpy as np

from cje_audit.numerics.arrays import Floats, Ints
from cje_audit.numerics.calibration import Calibration
from cje_audit.numerics.point import Point
from cje_audit.numerics.weights import relative_weights

MIN_LABELS = 10


@dataclass(frozen=True, eq=False)
class Scored:
    """Judged responses: score, label (NaN where there is none), cross-fitted prediction, prompt; shape (m,) each."""

    score: Floats
    label: Floats
    predicted: Floats
    cluster: Ints


@dataclass(frozen=True, eq=False)
class Spread:
    """A point whose influence lies on `cluster`, shape (k,); `corrected` says whether labels corrected it."""

    point: Point
    cluster: Ints
    corrected: bool


def calibrated_mean(draws: Scored, calibration: Calibration) -> Spread:
    r"""Mean prediction on fresh draws, plus the mean of label − prediction where ≥ 10 draws are labelled.

    :math:`\frac1N\sum f(S_i)+\frac1m\sum_{labelled}(Y_j-f(S_j))`, influence the sum of both centred terms: the
    residual correction of augmented inverse weighting (Robins et al. 1994) or prediction-powered inference
    (Angelopoulos et al. 2023). With it, a calibration that does not hold here costs precision, not truth.
    """
    n, known = len(draws.score), ~np.isnan(draws.label)
    m = int(known.sum())
    corrected = m >= MIN_LABELS
    share = np.full(n, 1 / n)
    influence = draws.predicted - draws.predicted.mean()
    value = float(draws.predicted.mean())
    if corrected:
        residual = draws.label[known] - draws.predicted[known]
        value += float(residual.mean())
        influence[known] += (residual - residual.mean()) * n / m
        share[known] -= 1 / m
    return Spread(
        Point(value, influence, calibration.replicates(calibration.place(draws.score), share)), draws.cluster, corrected
    )


def doubly_robust(draws: Scored, logged: Scored, log_ratio: Floats, calibration: Calibration) -> Spread:
    r"""Mean prediction on fresh draws, plus the weighted mean of label − prediction on labelled logged rows.

    :math:`\frac1N\sum f(S_i)+\sum_j w_j(Y_j-f(S_j))/\sum_j w_j`: right if the calibration holds for the target, or if
    the weights are right (Robins, Rotnitzky & Zhao 1994; Dudík et al. 2011). `logged` are the labelled logged rows,
    `log_ratio` (nats) theirs. Predictions are cross-fitted; the residual is taken on the label itself.
    """
    weight = relative_weights(log_ratio)
    weight = weight / weight.sum()
    residual = logged.label - logged.predicted
    correction = float(weight @ residual)
    n = len(draws.score)
    shares = np.concatenate([(draws.predicted - draws.predicted.mean()) / n, weight * (residual - correction)])
    score = np.concatenate([draws.score, logged.score])
    on_prediction = np.concatenate([np.full(n, 1 / n), -weight])
    replicates = calibration.replicates(calibration.place(score), on_prediction)
    cluster = np.concatenate([draws.cluster, logged.cluster])
    point = Point(float(draws.predicted.mean()) + correction, shares * len(shares), replicates)
    return Spread(point, cluster, corrected=True)
