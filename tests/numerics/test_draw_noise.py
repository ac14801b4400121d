import numpy as np
import pytest

from cje_audit.numerics.draw_noise import draw_noise


def test_rows_with_one_score_say_nothing():
    assert draw_noise(np.array([1.0, 2.0]), np.array([0, 1])) is None
    assert draw_noise(np.array([]), np.array([], dtype=np.int64)) is None
    noise = draw_noise(np.array([1.0, 2.0, 4.0]), np.array([0, 1, 1]))
    assert (noise.n_rows, noise.n_scores, noise.share) == (1, 2, None)
    assert noise.sd == pytest.approx(2**0.5)


def test_equal_draws_have_no_noise_and_equal_means_no_share():
    same = draw_noise(np.array([1.0, 1.0, 2.0, 2.0]), np.array([3, 3, 7, 7]))
    assert (same.sd, same.share) == (0.0, 0.0)
    level = draw_noise(np.array([0.0, 2.0, 2.0, 0.0]), np.array([0, 0, 1, 1]))
    assert level.sd > 0 and level.share is None


def test_both_variances_are_found_again():
    """Rows with sd 2, draws with sd 1, four draws each: the noise is .25 ÷ 4.25 of the variance of the means."""
    rng = np.random.default_rng(5)
    row = np.repeat(np.arange(4000), 4)
    scores = np.repeat(rng.normal(0, 2, 4000), 4) + rng.normal(0, 1, 16000)
    order = rng.permutation(16000)
    noise = draw_noise(scores[order], row[order])
    assert noise.sd == pytest.approx(1.0, abs=0.02)
    assert noise.share == pytest.approx(0.25 / 4.25, abs=0.004)
