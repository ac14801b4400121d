"""IPS and SNIPS: known values, known truth, and what must not change them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cje_audit.numerics.ips import ips
from cje_audit.numerics.mean import plain_mean
from cje_audit.numerics.point import infer
from cje_audit.numerics.snips import snips


def case(seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(-0.5, 1, n), rng.random(n)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_a_clone_has_the_plain_mean_exactly(seed: int) -> None:
    _, reward = case(seed)
    ratio, cluster = np.zeros(len(reward)), np.arange(len(reward))
    mean = plain_mean(reward, cluster)
    for point in (ips(ratio, reward), snips(ratio, reward)):
        got = infer(point, cluster)
        assert got.value == pytest.approx(mean.value, abs=1e-12)
        assert got.standard_error == pytest.approx(mean.standard_error, abs=1e-12)
        assert got.standard_error == pytest.approx(float(reward.std(ddof=1)) / math.sqrt(len(reward)), abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_row_order_changes_nothing(seed: int) -> None:
    ratio, reward = case(seed)
    cluster = np.random.default_rng(seed).integers(0, 20, len(reward))
    order = np.random.default_rng(seed + 1).permutation(len(reward))
    for estimator in (ips, snips):
        one = infer(estimator(ratio, reward), cluster)
        two = infer(estimator(ratio[order], reward[order]), cluster[order])
        assert (one.value, one.standard_error) == pytest.approx((two.value, two.standard_error), rel=1e-10)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.floats(-800, 800))
def test_snips_does_not_know_the_scale_of_the_weights(seed: int, shift: float) -> None:
    ratio, reward = case(seed)
    cluster = np.arange(len(reward))
    one, two = infer(snips(ratio, reward), cluster), infer(snips(ratio + shift, reward), cluster)
    assert (one.value, one.standard_error) == pytest.approx((two.value, two.standard_error), rel=1e-9)


def test_snips_stays_within_the_rewards_and_its_interval_on_the_scale() -> None:
    ratio, reward = case(3)
    got = infer(snips(ratio * 5, reward), np.arange(len(reward)), scale=(0.0, 1.0))
    assert got.value is not None
    assert got.interval is not None
    assert reward.min() <= got.value <= reward.max()
    assert 0 <= got.interval[0] <= got.interval[1] <= 1


def test_ips_beyond_float64_is_none_and_snips_is_not() -> None:
    ratio, reward = np.array([900.0, 899.0, 0.0]), np.array([1.0, 0.0, 1.0])
    assert infer(ips(ratio, reward), np.arange(3)).value is None
    assert snips(ratio, reward).value == pytest.approx(1 / (1 + math.exp(-1)))


def test_ips_keeps_a_value_whose_squares_overflow_without_an_error() -> None:
    got = infer(ips(np.array([400.0, 0.0]), np.array([1.0, 1.0])), np.arange(2))
    assert got.value == pytest.approx(math.exp(400) / 2, rel=1e-12)
    assert (got.standard_error, got.interval) == (None, None)


def test_errors_cover_a_simulated_truth() -> None:
    """E[r] under the target is known: r is Bernoulli(logit of the log ratio's noise), integrated by a large sample."""
    rng, hits = np.random.default_rng(5), 0
    big = rng.normal(0, 1, 2_000_000)
    truth = float(np.mean(np.exp(0.6 * big - 0.18) / (1 + np.exp(-big))))
    for _ in range(200):
        z = rng.normal(0, 1, 400)
        reward = (rng.random(400) < 1 / (1 + np.exp(-z))).astype(float)
        got = infer(snips(0.6 * z - 0.18, reward), np.arange(400))
        assert got.interval is not None
        hits += got.interval[0] <= truth <= got.interval[1]
    assert 180 <= hits <= 199


def test_one_prompt_has_no_error() -> None:
    got = infer(snips(np.zeros(3), np.array([0.0, 1.0, 1.0])), np.zeros(3, dtype=np.int64))
    assert got.value == pytest.approx(2 / 3)
    assert (got.standard_error, got.interval) == (None, None)
