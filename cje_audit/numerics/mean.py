"""The plain mean: what fresh draws say, and the logging policy's own value."""

from cje_audit.numerics.arrays import Floats, Ints, Pair
from cje_audit.numerics.inference import LEVEL
from cje_audit.numerics.point import Inferred, Point, infer


def plain_mean(values: Floats, cluster: Ints, *, scale: Pair | None = None, level: float = LEVEL) -> Inferred:
    """Return the mean of `values`, shape (n,), n ≥ 1, with its clustered standard error and t interval at `level`.

    Examples
    --------
    >>> import numpy as np
    >>> got = plain_mean(np.array([0.0, 1.0]), np.array([0, 1]))
    >>> got.value, got.standard_error
    (0.5, 0.5)
    """
    value = float(values.mean())
    return infer(Point(value, values - value), cluster, scale=scale, level=level)
