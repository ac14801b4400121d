import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cje_audit.numerics.weights import (
    effective_sample_size,
    histogram,
    mean_weight,
    near_zero_share,
    sqrt_overlap,
    summarise,
    top_share,
)

LOG_RATIOS = arrays(np.float64, st.integers(2, 40), elements=st.floats(-30, 30))


def test_equal_weights_have_full_effective_sample() -> None:
    got = summarise(np.zeros(500), np.arange(500))
    assert (got.ess, got.mean.value, got.sqrt_overlap, got.n_exact_one) == (500.0, 1.0, 1.0, 500)
    assert got.histogram.counts == (500,)
    assert got.tail.pareto_khat is None
    assert got.tail.reason


@pytest.mark.parametrize("level", [900.0, -900.0])
def test_nine_hundred_nats_keep_everything_that_float64_can_hold(level: float) -> None:
    base = np.log(np.array([1.0, 2.0, 3.0, 4.0]))
    got, plain = summarise(base + level, np.arange(4)), summarise(base, np.arange(4))
    assert got.mean.value is None
    assert got.mean.standard_error is None
    assert got.mean.interval() is None
    assert got.mean.log_value == pytest.approx(level + math.log(2.5), abs=1e-9)
    assert (got.ess, got.max_share, got.sqrt_overlap) == pytest.approx((plain.ess, plain.max_share, plain.sqrt_overlap))


def test_one_row_of_nine_hundred_nats_among_others() -> None:
    got = summarise(np.array([900.0, 0.0, -900.0]), np.arange(3))
    assert (got.ess, got.max_share) == (1.0, 1.0)
    assert got.mean.value is None


@settings(max_examples=50, deadline=None)
@given(LOG_RATIOS, st.floats(-200, 200))
def test_shares_and_overlap_do_not_move_with_a_constant(log_ratios: np.ndarray, shift: float) -> None:
    moved = log_ratios + shift
    assert effective_sample_size(moved) == pytest.approx(effective_sample_size(log_ratios), rel=1e-9)
    assert sqrt_overlap(moved) == pytest.approx(sqrt_overlap(log_ratios), rel=1e-9)
    assert top_share(moved, 1) == pytest.approx(top_share(log_ratios, 1), rel=1e-9)


@settings(max_examples=50, deadline=None)
@given(LOG_RATIOS)
def test_bounds_of_every_diagnostic(log_ratios: np.ndarray) -> None:
    n = len(log_ratios)
    assert 1 - 1e-9 <= effective_sample_size(log_ratios) <= n + 1e-9
    assert 1 / n - 1e-9 <= top_share(log_ratios, 1) <= 1 + 1e-9
    assert 0 < sqrt_overlap(log_ratios) <= 1 + 1e-9
    assert sum(histogram(log_ratios).counts) == n


def test_mean_weight_error_is_clustered_by_prompt() -> None:
    log_ratios = np.log(np.array([0.5, 0.5, 1.5, 1.5]))
    alone = mean_weight(log_ratios, np.arange(4)).standard_error
    paired = mean_weight(log_ratios, np.array([0, 0, 1, 1])).standard_error
    assert alone == pytest.approx(math.sqrt(1 / 3) / 2)
    assert paired == pytest.approx(0.5)


def test_near_zero_share_counts_raw_weights() -> None:
    assert near_zero_share(np.array([0.0, -14.0, -13.0, -100.0])) == 0.5


def test_a_hundred_thousand_rows_take_a_moment() -> None:
    log_ratios = np.random.default_rng(0).normal(-0.5, 1, 100_000)
    start = time.perf_counter()
    summarise(log_ratios, np.arange(100_000) // 2)
    assert time.perf_counter() - start < 1.0
