from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cje_audit.numerics.compare import difference, holm, spread_influence, two_sided_p


def test_paired_difference_equals_the_paired_t_test() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(0.5, 1, 80)
    b = 0.8 * a + rng.normal(0, 0.3, 80)
    used, cluster = np.ones(80, dtype=bool), np.arange(80)
    shares = (spread_influence(v - v.mean(), used) for v in (a, b))
    got = difference(float(a.mean() - b.mean()), *shares, cluster)
    assert got.standard_error == pytest.approx(float((a - b).std(ddof=1)) / np.sqrt(80), abs=1e-12)
    assert two_sided_p(got) == pytest.approx(0.0078, abs=0.02)


def test_rows_of_one_estimate_only_count_for_it_alone() -> None:
    used = np.array([True, True, False, False])
    a = spread_influence(np.array([1.0, -1.0]), used)
    b = spread_influence(np.array([1.0, -1.0]), ~used)
    assert difference(0.0, a, b, np.arange(4)).standard_error == pytest.approx(np.sqrt(4 / 3))


def test_equal_estimates_have_no_p_value() -> None:
    same = np.array([0.1, -0.1])
    assert two_sided_p(difference(0.0, same, same, np.arange(2))) is None


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(p <= q <= 1 for p, q in zip(p_values, adjusted, strict=True))
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    assert all(adjusted[i] <= adjusted[j] for i, j in pairwise(order))
