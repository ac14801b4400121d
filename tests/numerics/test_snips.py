"""SNIPS: scale of the weights, scale of the rewards, coverage of a known truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cje_audit.numerics.point import infer
from cje_audit.numerics.snips import snips


def case(seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(-0.5, 1, n), rng.random(n)


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
