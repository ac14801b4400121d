import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, rankdata

from cje_audit.numerics.ranks import average_ranks, rank_test


def test_equals_scipy_with_ties() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 5, 40).astype(float), rng.integers(1, 6, 60).astype(float)
    got, want = rank_test(a, b), mannwhitneyu(a, b, use_continuity=False, method="asymptotic")
    assert got.p_value == pytest.approx(want.pvalue, rel=1e-9)
    assert got.superiority == pytest.approx(want.statistic / (40 * 60))


def test_constant_columns_do_not_differ() -> None:
    got = rank_test(np.ones(5), np.ones(7))
    assert (got.superiority, got.p_value) == (0.5, 1.0)


@pytest.mark.parametrize("n", [0, 1, 2, 7, 500])
@pytest.mark.parametrize("distinct", [1, 3, 10_000])
def test_ranks_are_scipys(n: int, distinct: int) -> None:
    values = np.random.default_rng(n).integers(0, distinct, n) / 7 - 1.0
    assert average_ranks(values).tolist() == rankdata(values).tolist()


def test_ranks_keep_infinities_and_signed_zeros_apart_as_scipy_does() -> None:
    values = np.array([np.inf, -np.inf, 0.0, -0.0, 1e-300, np.inf])
    assert average_ranks(values).tolist() == rankdata(values).tolist() == [5.5, 1.0, 2.5, 2.5, 4.0, 5.5]


def test_no_statistics_package_is_loaded_for_ranks() -> None:
    code = "import sys, cje_audit.numerics.association; sys.exit('scipy.stats' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
