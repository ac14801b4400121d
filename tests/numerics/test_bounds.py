import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cje_audit.numerics.bounds import Missing, ips_bounds, snips_bounds
from cje_audit.numerics.ips import ips
from cje_audit.numerics.snips import snips

SCALE = (0.0, 1.0)


def test_lost_scores_keep_their_weight_and_lost_logprobs_take_the_mean_weight() -> None:
    kept, reward = np.log(np.array([1.0, 3.0])), np.array([0.5, 1.0])
    missing = Missing(np.log(np.array([4.0])), 2)
    mass = 4.0 + 4.0 + 2 * 2.0
    assert snips_bounds(kept, reward, missing, SCALE) == pytest.approx((3.5 / mass, (3.5 + 8.0) / mass))
    assert ips_bounds(kept, reward, missing, SCALE) == pytest.approx((3.5 / 5, (3.5 + 8.0) / 5))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 20), st.integers(0, 20), st.floats(-500, 500))
def test_bounds_hold_the_estimate_on_the_kept_rows(seed: int, lost: int, unweighted: int, shift: float) -> None:
    rng = np.random.default_rng(seed)
    kept, reward = rng.normal(shift, 1, 30), rng.random(30)
    missing = Missing(rng.normal(shift, 1, lost), unweighted)
    for estimator, bounds in ((snips, snips_bounds), (ips, ips_bounds)):
        value, pair = estimator(kept, reward).value, bounds(kept, reward, missing, SCALE)
        assert value is not None
        assert pair is not None
        assert pair[0] <= value * (1 + 1e-9)
        assert value <= pair[1] * (1 + 1e-9)


def test_nothing_missing_means_no_width() -> None:
    low, high = snips_bounds(np.zeros(4), np.array([0.0, 1.0, 1.0, 1.0]), Missing(np.zeros(0), 0), SCALE) or (0.0, 1.0)
    assert low == high == 0.75


def test_bounds_beyond_float64_are_none() -> None:
    missing = Missing(np.array([900.0]), 0)
    assert ips_bounds(np.array([900.0]), np.array([1.0]), missing, SCALE) is None
    assert snips_bounds(np.array([900.0]), np.array([1.0]), missing, SCALE) == (0.5, 1.0)
