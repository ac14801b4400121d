"""How strongly two columns go together by rank, and what order of the rows would fit better."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from cje_audit.numerics.arrays import Floats, Ints
from cje_audit.numerics.ranks import average_ranks


def standard_ranks(values: Floats) -> Floats:
    """Return mid-ranks with mean 0 and length 1, so that a dot product is Spearman's ρ; zeros where all are equal.

    Examples
    --------
    >>> a = standard_ranks(np.array([1.0, 5.0, 9.0])); float(round(a @ a, 12))
    1.0
    """
    centred = average_ranks(values) - (len(values) + 1) / 2
    size = float(np.sqrt(centred @ centred))
    return np.asarray(centred / size if size > 0 else centred, dtype=np.float64)


def fisher(rho: float) -> float:
    """Return atanh ρ, kept finite at ±1."""
    return math.atanh(max(-0.999999, min(0.999999, rho)))


def upper_limit(rho: float, n: int, level: float) -> float:
    """One-sided upper confidence limit of a rank correlation, n > 3.

    Fisher's z with the standard error √(1.06/(n − 3)) (Fieller, Hartley and Pearson, Biometrika 1957).

    Examples
    --------
    >>> round(upper_limit(0.0, 103, 0.975), 3)
    0.199
    """
    return math.tanh(fisher(rho) + NormalDist().inv_cdf(level) * math.sqrt(1.06 / (n - 3)))


@dataclass(frozen=True)
class Reordering:
    """The order of rows under which two columns fit best, against the order given; `z` is the gain in errors."""

    name: str
    rho_given: float
    rho_best: float
    z: float


def orders(n: int, lags: tuple[int, ...]) -> Mapping[str, Ints]:
    """Return the orders in which rows are usually mixed up, by name: shifts, swapped neighbours, reversed."""
    index = np.arange(n, dtype=np.int64)
    found = {f"shifted by {lag:+d}": np.roll(index, -lag) for lag in lags}
    swapped = index ^ 1
    swapped[swapped >= n] = n - 1
    return found | {"with neighbours swapped": swapped, "in reversed order": index[::-1].copy()}


def best_order(moved: Floats, fixed: Floats, candidates: Mapping[str, Ints]) -> Reordering:
    """Return the order of `moved` that fits `fixed` best, by |ρ|; both are `standard_ranks` of shape (n,).

    `z` compares Fisher's z of both orders as if independent, which they nearly are when one of them is wrong.

    Examples
    --------
    >>> a = standard_ranks(np.random.default_rng(0).normal(size=99))
    >>> best_order(np.roll(a, 1), a, orders(99, (-1, 1))).name
    'shifted by +1'
    """
    given = float(moved @ fixed)
    rho = {name: float(moved[order] @ fixed) for name, order in candidates.items()}
    name = max(rho, key=lambda k: abs(rho[k]))
    gain = fisher(abs(rho[name])) - fisher(abs(given))
    return Reordering(name, given, rho[name], gain * math.sqrt((len(moved) - 3) / 2.12))
