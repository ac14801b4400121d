"""What every estimator owes: the plain mean for a clone, no dependence on row order, an error or none."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cje_audit.numerics.ips import ips
from cje_audit.numerics.mean import plain_mean
from cje_audit.numerics.point import Point, infer
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


def test_one_prompt_has_no_error() -> None:
    got = infer(snips(np.zeros(3), np.array([0.0, 1.0, 1.0])), np.zeros(3, dtype=np.int64))
    assert got.value == pytest.approx(2 / 3)
    assert (got.standard_error, got.interval) == (None, None)


@pytest.mark.parametrize("size", [1e-100, 1e-3, 1e80, 1e140])
def test_the_size_of_the_weights_does_not_matter(size: float) -> None:
    rng = np.random.default_rng(0)
    influence, replicates, cluster = rng.normal(0, 1, 50), rng.normal(1, 0.1, 20), np.arange(50)
    plain = infer(Point(1.0, influence, replicates), cluster)
    large = infer(Point(size, size * influence, size * replicates), cluster)
    assert plain.standard_error is not None
    assert large.standard_error == pytest.approx(size * plain.standard_error, rel=1e-9)
    assert large.degrees == pytest.approx(plain.degrees, rel=1e-9)
