"""How values and kinds are counted for a picture: bins over the bulk, quantiles, and the most frequent kinds."""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from cje_audit.checks.frame import Floats
from cje_audit.domain.quality import Distribution, Spread

BINS = 30
BULK = (0.005, 0.995)
"""Bins divide the range between these quantiles; what lies beyond is counted into the first and last one."""

KINDS = 8


def spread(values: Floats) -> Spread | None:
    """Return ends, quantiles and mean of values without NaN, shape (n,); None where there are none.

    Examples
    --------
    >>> spread(np.array([1.0, 2.0, 3.0])).p50
    2.0
    """
    if not len(values):
        return None
    low, p05, p50, p95, high = (float(v) for v in np.quantile(values, (0, 0.05, 0.5, 0.95, 1)))
    return Spread(min=low, p05=p05, p50=p50, p95=p95, max=high, mean=float(values.mean()))


def distribution(values: Floats, unit: str) -> Distribution | None:
    """Return the histogram of values without NaN, shape (n,), over their bulk; None where there are none.

    Examples
    --------
    >>> found = distribution(np.array([1.0, 2.0, 2.0, 4.0]), "characters")
    >>> found.edges, found.counts
    ((0.5, 1.5, 2.5, 3.5, 4.5), (1, 2, 0, 1))
    """
    told = spread(values)
    if told is None:
        return None
    edges = _edges(values)
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    return Distribution(unit=unit, counts=tuple(int(c) for c in counts), edges=tuple(map(float, edges)), spread=told)


def _edges(values: Floats) -> Floats:
    low, high = np.quantile(values, BULK)
    if bool((values == np.round(values)).all()):
        first, last = np.floor(low), np.ceil(high)
        step = np.ceil((last - first + 1) / BINS)
        edges: Floats = np.arange(first, last + step + 1, step) - 0.5
        return edges
    if not high > low:
        room = max(abs(low) * 0.01, 1e-3)
        low, high = low - room, high + room
    return np.linspace(low, high, BINS + 1)


def kinds(labels: Iterable[str]) -> Distribution | None:
    """Return how often each kind occurs, the most frequent first, the rare ones together; None where there are none.

    Examples
    --------
    >>> found = kinds(["stop", "length", "stop"])
    >>> found.labels, found.counts
    (('stop', 'length'), (2, 1))
    """
    found = Counter(labels).most_common()
    if not found:
        return None
    rest = sum(n for _, n in found[KINDS:])
    shown = [*found[:KINDS], *([("others", rest)] if rest else [])]
    return Distribution(unit="kind", labels=tuple(k for k, _ in shown), counts=tuple(n for _, n in shown))
