import numpy as np
import pytest

from cje_audit.numerics.inference import cluster_sums, clustered_standard_error, n_clusters, t_interval, t_quantile


def test_clustered_error_is_the_formula_of_the_design() -> None:
    influence, cluster = np.array([0.3, -0.1, 0.5, -0.7, 0.0]), np.array([4, 4, 9, 9, 1])
    sums = np.array([0.0, 0.2, -0.2])
    want = np.sqrt(3 / 2 * np.sum((sums - sums.mean()) ** 2)) / 5
    assert cluster_sums(influence, cluster) == pytest.approx(sums)
    assert clustered_standard_error(influence, cluster) == pytest.approx(want, abs=1e-15)


def test_copies_within_a_prompt_do_not_shrink_the_error() -> None:
    influence = np.random.default_rng(0).normal(size=50)
    doubled = clustered_standard_error(np.repeat(influence, 2), np.repeat(np.arange(50), 2))
    assert doubled == pytest.approx(clustered_standard_error(influence, np.arange(50)))


def test_interval_clips_to_the_scale_and_needs_an_error() -> None:
    assert t_interval(0.5, 0.1, 1000) == pytest.approx((0.5 - 0.19623, 0.5 + 0.19623), abs=1e-4)
    assert t_interval(0.95, 0.1, 1000, scale=(0.0, 1.0)) == pytest.approx((0.75377, 1.0), abs=1e-4)
    assert t_interval(0.5, None, 10) is None
    assert t_interval(None, 0.1, 10) is None
    assert t_quantile(3) == pytest.approx(4.30265, abs=1e-4)


def test_any_cluster_numbers_will_do() -> None:
    influence, cluster = np.random.default_rng(0).normal(size=60), np.random.default_rng(1).integers(0, 9, 60)
    want = clustered_standard_error(influence, cluster)
    for renamed in (cluster - 50, cluster * 10**12, cluster + 3):
        assert clustered_standard_error(influence, renamed) == pytest.approx(want, rel=1e-12)
        assert n_clusters(renamed) == 9
