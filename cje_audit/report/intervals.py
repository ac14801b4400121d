"""Which interval an estimate gets: Student t where the weights are tame, Cressie–Read where they are not."""

import math
from dataclasses import dataclass

from cje_audit.checks import thresholds
from cje_audit.checks.words import number, percent
from cje_audit.numerics.arrays import Floats, Ints, Pair
from cje_audit.numerics.calibration import label_variance
from cje_audit.numerics.cressie_read import cressie_read_interval
from cje_audit.numerics.inference import LEVEL, t_quantile
from cje_audit.numerics.point import Inferred, Point
from cje_audit.numerics.tail import upper_tail
from cje_audit.numerics.weights import effective_sample_size, top_share

CLUSTERED_T = "Student t, clustered by prompt"
CRESSIE_READ = "Cressie–Read with mean weight 1, clustered by prompt"


@dataclass(frozen=True)
class Interval:
    """An interval with its method and the reason for it; `note` repeats the reason where the interval is not t."""

    ends: Pair | None
    method: str | None
    reason: str | None = None
    note: str | None = None


def heavy_weights(log_ratio: Floats) -> str | None:
    """Say why a t interval would cover too little, or None where the weights are tame.

    Examples
    --------
    >>> import numpy as np
    >>> heavy_weights(np.zeros(50)) is None
    True
    """
    rows, share = effective_sample_size(log_ratio), top_share(log_ratio, 1)
    fraction = rows / len(log_ratio)
    if fraction >= thresholds.TAME_FRACTION:
        return None
    if rows < thresholds.TAME_ROWS or fraction < thresholds.TAME_LEAST:
        return f"{number(rows)} effective rows of {len(log_ratio):,}"
    if share > thresholds.TAME_SHARE:
        return f"the heaviest row carries {percent(share)} of all weight"
    khat = upper_tail(log_ratio).pareto_khat
    return f"the tail has k̂ = {number(khat)}" if khat is not None and khat >= thresholds.TAME_KHAT else None


def t_method(scale: Pair | None) -> str:
    """Name the t interval."""
    return CLUSTERED_T if scale is None else f"{CLUSTERED_T}, clipped to the scale"


def snips_interval(
    point: Point,
    got: Inferred,
    log_ratio: Floats,
    reward: Floats,
    cluster: Ints,
    scale: Pair | None,
    *,
    level: float = LEVEL,
) -> Interval:
    """Return the interval of a self-normalised estimate; `got` is its t inference on the same rows at `level`."""
    why = heavy_weights(log_ratio)
    if why is None or scale is None or point.value is None:
        reason = None if got.interval is None else t_reason(why, log_ratio)
        return Interval(got.interval, None if got.interval is None else t_method(scale), reason)
    found = cressie_read_interval(log_ratio, reward, cluster, scale, level=level)
    if found is None:
        note = "The weights are too large for float64, so nothing is excluded."
        return Interval(scale, "the whole scale", note, note)
    note = f"Cressie–Read, not t: {why}, and a t interval would cover too little."
    return Interval(_widened(found, point, scale, level), CRESSIE_READ, note, note)


def t_reason(heavy: str | None, log_ratio: Floats) -> str:
    """Say why a t interval stands: the weights are tame, or nothing better is known without a scale.

    Examples
    --------
    >>> import numpy as np
    >>> t_reason(None, np.zeros(50))
    'Student t: the weights are tame (50 effective rows of 50, the heaviest row carries 2 % of all weight).'
    """
    if heavy is not None:
        return f"Student t, though {heavy}: without a declared scale of the reward no other interval is known."
    rows, share = effective_sample_size(log_ratio), top_share(log_ratio, 1)
    told = (
        f"{number(rows)} effective rows of {len(log_ratio):,}, the heaviest row carries {percent(share)} of all weight"
    )
    return f"Student t: the weights are tame ({told})."


def _widened(ends: Pair, point: Point, scale: Pair, level: float) -> Pair:
    """Add the labels' uncertainty to both ends, and hold the estimate itself."""
    value = ends[0] if point.value is None else point.value
    extra = 0.0
    if point.replicates is not None and len(point.replicates) > 1:
        extra = t_quantile(len(point.replicates), level) * math.sqrt(label_variance(point.replicates))
    low = value - math.hypot(max(value - ends[0], 0.0), extra)
    high = value + math.hypot(max(ends[1] - value, 0.0), extra)
    return (max(low, scale[0]), min(high, scale[1]))
