import numpy as np
import pytest
from scipy.stats import norm, spearmanr

from cje_audit.numerics.association import standard_ranks, upper_limit


def test_the_product_of_standard_ranks_is_spearmans_rho() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 9, 80).astype(float), rng.normal(size=80)
    assert float(standard_ranks(a) @ standard_ranks(b)) == pytest.approx(spearmanr(a, b).statistic, rel=1e-12)


@pytest.mark.parametrize("level", [0.001, 0.5, 0.975, 0.9999])
def test_the_limit_uses_the_normal_quantile(level: float) -> None:
    expected = np.tanh(np.arctanh(0.3) + norm.ppf(level) * np.sqrt(1.06 / 97))
    assert upper_limit(0.3, 100, level) == pytest.approx(float(expected), rel=1e-9)
