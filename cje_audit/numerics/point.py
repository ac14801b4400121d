"""A point estimate with each row's share of its error."""

from dataclasses import dataclass

from cje_audit.numerics.arrays import Floats, Ints, Pair
from cje_audit.numerics.inference import clustered_standard_error, n_clusters, t_interval


@dataclass(frozen=True, eq=False)
class Point:
    """A value and its influence values, shape (n,); None where float64 cannot hold them.

    The mean of the influence values is 0; their clustered spread gives the standard error.
    """

    value: float | None
    influence: Floats | None


@dataclass(frozen=True)
class Inferred:
    """A value with its clustered standard error and t interval, on n rows of `groups` prompts."""

    value: float | None
    standard_error: float | None
    interval: Pair | None
    n: int
    groups: int


def infer(point: Point, cluster: Ints, *, scale: Pair | None = None) -> Inferred:
    """Give a point estimate its clustered error and 95 % t interval, clipped to `scale` where one is given."""
    groups = n_clusters(cluster)
    error = None if point.influence is None else clustered_standard_error(point.influence, cluster)
    interval = t_interval(point.value, error, groups, scale=scale)
    return Inferred(point.value, error, interval, len(cluster), groups)
