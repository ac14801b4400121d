import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from cje_audit.numerics.ranks import rank_test


def test_equals_scipy_with_ties() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 5, 40).astype(float), rng.integers(1, 6, 60).astype(float)
    got, want = rank_test(a, b), mannwhitneyu(a, b, use_continuity=False, method="asymptotic")
    assert got.p_value == pytest.approx(want.pvalue, rel=1e-9)
    assert got.superiority == pytest.approx(want.statistic / (40 * 60))


def test_constant_columns_do_not_differ() -> None:
    got = rank_test(np.ones(5), np.ones(7))
    assert (got.superiority, got.p_value) == (0.5, 1.0)
