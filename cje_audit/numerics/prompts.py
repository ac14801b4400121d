"""Rows grouped by prompt, once: every error sums over the same groups."""

from dataclasses import dataclass

import numpy as np

from cje_audit.numerics.arrays import Bools, Floats, Ints


@dataclass(frozen=True, eq=False)
class Prompts:
    """Which prompt each row belongs to; `place` is int64 (n,), None where every row is a prompt of its own.

    `counts`, int64 (m,), are the rows at each place, 0 where a number is not used; `groups` is how many prompts there
    are.
    """

    n: int
    place: Ints | None
    counts: Ints | None
    groups: int

    def __len__(self) -> int:
        return self.n

    def sums(self, values: Floats) -> Floats:
        """Return the sum of `values`, shape (n,), in each prompt, shape (groups,); the values themselves where single.

        The order is the same for all values of the same rows.

        Examples
        --------
        >>> by_prompt(np.array([7, 9, 7])).sums(np.array([1.0, 2.0, 4.0])).tolist()
        [5.0, 2.0]
        """
        if self.place is None or self.counts is None:
            return values
        sums: Floats = np.bincount(self.place, weights=values, minlength=len(self.counts)).astype(
            np.float64, copy=False
        )
        return sums if len(sums) == self.groups else sums[self.counts > 0]

    def holding(self, rows: Bools) -> Bools:
        """Mark the prompts that hold at least one of the marked rows, bool (groups,), in the order of `sums`.

        Examples
        --------
        >>> by_prompt(np.array([7, 9, 7])).holding(np.array([True, False, False])).tolist()
        [True, False]
        """
        found: Bools = rows if self.place is None else self.sums(rows.astype(np.float64)) > 0
        return found

    def of(self, rows: Bools, cluster: Ints) -> "Prompts":
        """Return the prompts of the marked rows alone; `cluster`, int64, are those rows' prompt numbers.

        Examples
        --------
        >>> by_prompt(np.array([7, 9, 8])).of(np.array([True, False, True]), np.array([7, 8])).groups
        2
        """
        if self.place is not None:
            return by_prompt(cluster)
        n = int(np.count_nonzero(rows))
        return Prompts(n, None, None, n)

    def alone(self) -> "Prompts":
        """Return the prompts as rows of their own: how sums by prompt are grouped."""
        return Prompts(self.groups, None, None, self.groups)


def by_prompt(cluster: "Ints | Prompts") -> Prompts:
    """Group rows by prompt number, int64 (n,); groups stay as they are.

    Examples
    --------
    >>> by_prompt(np.array([4, 8])).place is None, by_prompt(np.array([4, 4, 8])).groups
    (True, 2)
    """
    if isinstance(cluster, Prompts):
        return cluster
    place = _dense(cluster)
    counts = np.bincount(place)
    groups, most = int(np.count_nonzero(counts)), int(counts.max(initial=0))
    return Prompts(len(cluster), None if most <= 1 else place, None if most <= 1 else counts, groups)


def _dense(cluster: Ints) -> Ints:
    """Return prompt numbers that are small enough to count by; their order stays."""
    if len(cluster) and cluster.min() >= 0 and cluster.max() <= 4 * len(cluster):
        return cluster
    return np.unique(cluster, return_inverse=True)[1]
