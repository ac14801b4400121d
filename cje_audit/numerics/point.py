"""A point estimate with each row's share of its error."""

import math
from dataclasses import dataclass

import numpy as np

from cje_audit.numerics.arrays import Floats, Ints, Pair
from cje_audit.numerics.calibration import label_variance
from cje_audit.numerics.inference import LEVEL, clustered_standard_error, n_clusters, t_interval
from cje_audit.numerics.prompts import Prompts, by_prompt


@dataclass(frozen=True, eq=False)
class Point:
    """A value and its influence values, shape (n,); None where float64 cannot hold them.

    The mean of the influence values is 0; their clustered spread gives the standard error. `replicates`, shape (J,),
    are the values without each fold of labels, None where the reward is not calibrated.
    """

    value: float | None
    influence: Floats | None
    replicates: Floats | None = None


@dataclass(frozen=True)
class Inferred:
    """A value with its clustered standard error and t interval, on n rows of `groups` prompts.

    `label_share` is the part of the variance that the calibration's labels add; None where there is no calibration.
    """

    value: float | None
    standard_error: float | None
    interval: Pair | None
    n: int
    groups: int
    degrees: float
    label_share: float | None = None


def infer(point: Point, cluster: Ints | Prompts, *, scale: Pair | None = None, level: float = LEVEL) -> Inferred:
    """Give a point estimate its clustered error and t interval at `level`, clipped to `scale` where one is given."""
    prompts = by_prompt(cluster)
    error = None if point.influence is None else clustered_standard_error(point.influence, prompts)
    return with_labels(point.value, error, point.replicates, prompts, scale=scale, level=level)


def with_labels(
    value: float | None,
    error: float | None,
    replicates: Floats | None,
    cluster: Ints | Prompts,
    *,
    scale: Pair | None = None,
    level: float = LEVEL,
) -> Inferred:
    r"""Add the labels' variance to the rows' and give the interval.

    The two are uncorrelated, because a label's deviation from its prediction averages 0 at each score. The degrees of
    freedom are Satterthwaite's (1946): :math:`(V_1+V_2)^2/(V_1^2/(G-1)+V_2^2/(J-1))`.
    """
    groups = n_clusters(cluster)
    if error is None or replicates is None:
        alone = t_interval(value, error, groups, scale=scale, level=level)
        return Inferred(value, error, alone, len(cluster), groups, groups - 1)
    unit = power_of_two(max(error, float(np.ptp(replicates))))  # weights of e^300 have errors whose squares overflow
    rows, labels = (error / unit) ** 2, label_variance(replicates / unit)
    total = rows + labels
    degrees = satterthwaite((rows, labels), (groups - 1, len(replicates) - 1))
    error = unit * total**0.5
    interval = t_interval(value, error, degrees + 1, scale=scale, level=level)
    return Inferred(value, error, interval, len(cluster), groups, degrees, labels / total if total else None)


def power_of_two(size: float) -> float:
    """Return the power of two next above a positive size, by which one can divide without rounding; 1 for 0.

    Examples
    --------
    >>> power_of_two(5.0), power_of_two(0.0)
    (8.0, 1.0)
    """
    return math.ldexp(1.0, min(math.frexp(size)[1], 1023))


def satterthwaite(variances: tuple[float, float], degrees: tuple[int, int]) -> float:
    """Return the degrees of freedom of a sum of two independent variance estimates.

    Examples
    --------
    >>> satterthwaite((1.0, 0.0), (10, 4)), satterthwaite((0.0, 0.0), (10, 4))
    (10.0, 10.0)
    """
    total = sum(variances)
    if not total:
        return float(degrees[0])
    return total**2 / sum(v**2 / d for v, d in zip(variances, degrees, strict=True))
