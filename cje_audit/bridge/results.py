"""What the older interface hands back: a masked matrix with a status per cell, and a batch of samples."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cje_audit.domain.results import LogProbResult

OK = "ok"


class LogprobMatrix(np.ma.MaskedArray[Any, Any]):
    """Log-probabilities in nats, float64 (n, K); a failed cell is masked, and NaN underneath.

    `status` is an object array (n, K) of "ok" or the failure's code. A slice or a result of arithmetic has no status
    (None), so that a status never stands beside another cell's number.
    """

    status: NDArray[np.object_] | None

    def __array_finalize__(self, obj: Any) -> None:
        super().__array_finalize__(obj)
        self.status = None

    @classmethod
    def of(cls, results: Sequence[Sequence[LogProbResult]], columns: int) -> "LogprobMatrix":
        """Build the matrix from n rows of K results.

        Examples
        --------
        >>> matrix = LogprobMatrix.of([[LogProbResult.success((-1.5,), ("a",)), LogProbResult.failure("timeout")]], 2)
        >>> matrix.tolist(), matrix.status.tolist()
        ([[-1.5, None]], [['ok', 'timeout']])
        """
        shape = (len(results), columns)
        cells = [[np.nan if r.value is None else r.value for r in row] for row in results]
        values = np.asarray(cells, dtype=np.float64).reshape(shape)
        matrix = np.ma.MaskedArray(values, mask=np.isnan(values), fill_value=np.nan).view(cls)
        names = [[OK if r.code is None else str(r.code) for r in row] for row in results]
        matrix.status = np.asarray(names, dtype=object).reshape(shape)
        return matrix


@dataclass(frozen=True, slots=True)
class SampleResult:
    """One response under every policy. A weight is None where it or the base policy's log-probability is missing."""

    sample_id: str
    context: str
    response: str
    policy_results: Mapping[str, LogProbResult]
    importance_weights: Mapping[str, float | None]

    @property
    def all_valid(self) -> bool:
        """Whether every policy has a log-probability."""
        return all(result.is_ok for result in self.policy_results.values())


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Samples in the order they were given; every one of them is there, however it ended."""

    results: tuple[SampleResult, ...]
    total_time_seconds: float

    @property
    def n_total(self) -> int:
        """How many samples were given."""
        return len(self.results)

    @property
    def n_used(self) -> int:
        """How many of them have a log-probability under every policy."""
        return sum(sample.all_valid for sample in self.results)

    def failures(self) -> dict[str, dict[str, int]]:
        """Count the failures of each policy by code."""
        found: dict[str, Counter[str]] = {}
        for sample in self.results:
            for policy, result in sample.policy_results.items():
                found.setdefault(policy, Counter()).update([str(result.code)] if result.code is not None else [])
        return {policy: dict(counts) for policy, counts in found.items()}

    def get_summary(self) -> str:
        """Say how many samples are complete, in one sentence.

        Examples
        --------
        >>> BatchResult((), 0.0).get_summary()
        '0 of 0 samples have a log-probability under every policy.'
        """
        return f"{self.n_used:,} of {self.n_total:,} samples have a log-probability under every policy."
