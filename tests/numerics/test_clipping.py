import numpy as np
import pytest

from cje_audit.numerics.clipping import clip, clip_around_quantile
from cje_audit.numerics.ips import ips


def test_nothing_to_clip_changes_nothing() -> None:
    ratio = np.random.default_rng(0).normal(0, 2, 200)
    for got in (clip(ratio, 50.0), clip_around_quantile(ratio, 50.0)):
        assert got.n_clipped == 0
        assert np.array_equal(got.log_ratio, ratio)


def test_ips_stays_exact_through_the_shift() -> None:
    ratio = np.array([-400.0, -3.0, -2.0, -1.0, -2.5])
    reward = np.linspace(0, 1, 5)
    got = clip_around_quantile(ratio, 20.0)
    assert got.n_clipped == 1
    assert ips(got.log_ratio, reward).value == pytest.approx(ips(ratio, reward).value, abs=1e-9)
