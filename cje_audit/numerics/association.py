"""How strongly two columns go together by rank, and what order of the rows would fit better."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from cje_audit.numerics.arrays import Floats
from cje_audit.numerics.ranks import average_ranks


def standard_ranks(values: Floats) -> Floats:
    """Return mid-ranks with mean 0 and length 1, so that a dot product is Spearman's ρ; zeros where all are equal.

    Examples
    --------
    >>> a = standard_ranks(np.array([1.0, 5.0, 9.0])); float(round(a @ a, 12))
    1.0
    """
    centred = average_ranks(values) - (len(values) + 1) / 2
    size = math.sqrt(dot(centred, centred))
    return np.asarray(centred / size if size > 0 else centred, dtype=np.float64)


def dot(a: Floats, b: Floats) -> float:
    """Return Σ a·b in one thread: on a busy machine, BLAS threads wait for each other far longer than this takes."""
    return float(np.einsum("i,i->", a, b))


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


def products(moved: Floats, fixed: Floats) -> Mapping[str, float]:
    """Return the dot product under each order in which rows are usually mixed up: shifted, swapped, reversed.

    Of the shifts, the one that fits best; rows that leave at one end come in at the other. Swapped are neighbours.

    Examples
    --------
    >>> products(np.array([1.0, 0.0, 0.0, 0.0]), np.array([0.0, 0.0, 0.0, 1.0]))["shifted by +1"]
    1.0
    """
    lag, rho = best_shift(moved, fixed)
    even = len(moved) // 2 * 2
    swapped = dot(moved[0:even:2], fixed[1:even:2]) + dot(moved[1:even:2], fixed[0:even:2])
    last = dot(moved[even:], fixed[even:])
    found = {"with neighbours swapped": swapped + last, "in reversed order": dot(moved[::-1], fixed)}
    return {f"shifted by {lag:+d}": rho} | found


def best_shift(moved: Floats, fixed: Floats) -> tuple[int, float]:
    r"""Return by how many rows one must shift to fit best, and the dot product there.

    Row i of `fixed` is given row i + lag of `moved`, around the ends, for every lag but 0: the circular
    cross-correlation :math:`\mathcal F^{-1}(\hat m\,\overline{\hat f})`.
    """
    n = len(moved)
    every = np.fft.irfft(np.fft.rfft(moved) * np.conj(np.fft.rfft(fixed)), n)
    lag = 1 + int(np.argmax(np.abs(every[1:])))
    return lag if 2 * lag <= n else lag - n, dot(np.roll(moved, -lag), fixed)


def best_order(moved: Floats, fixed: Floats) -> Reordering:
    """Return the order of `moved` that fits `fixed` best, by |ρ|; both are `standard_ranks` of shape (n,).

    `z` compares Fisher's z of both orders as if independent, which they nearly are when one of them is wrong.

    Examples
    --------
    >>> a = standard_ranks(np.random.default_rng(0).normal(size=99))
    >>> best_order(np.roll(a, 17), a).name
    'shifted by +17'
    """
    given = dot(moved, fixed)
    rho = products(moved, fixed)
    name = max(rho, key=lambda k: abs(rho[k]))
    gain = fisher(abs(rho[name])) - fisher(abs(given))
    return Reordering(name, given, rho[name], gain * math.sqrt((len(moved) - 3) / 2.12))
