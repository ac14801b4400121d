import numpy as np
import pytest

from cje_audit.numerics.projection import levels_of, projected_weights


def test_a_clone_keeps_equal_weights() -> None:
    rng = np.random.default_rng(0)
    got = projected_weights(np.full(300, 3.0), rng.uniform(size=300), rng.integers(0, 20, 300))
    assert got == pytest.approx(np.ones(300), abs=1e-12)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_weights_that_depend_on_the_score_are_found(sign: float) -> None:
    rng = np.random.default_rng(1)
    score = rng.uniform(size=4000)
    ratio = sign * 2 * score + rng.normal(0, 0.5, 4000)
    got, want = projected_weights(ratio, score, rng.integers(0, 20, 4000)), np.exp(sign * 2 * score)
    assert np.corrcoef(got, want)[0, 1] > 0.97
    assert got.mean() == pytest.approx(1.0, abs=1e-12)


def test_its_known_failure_is_there() -> None:
    rng = np.random.default_rng(2)
    got = projected_weights(rng.normal(-2, 2, 4000), rng.integers(0, 5, 4000) / 4, rng.integers(0, 20, 4000))
    assert got.sum() ** 2 / np.square(got).sum() > 3000


def test_scores_of_rows_that_are_not_used_change_nothing() -> None:
    rng = np.random.default_rng(3)
    score, fold, used = rng.uniform(size=500), rng.integers(0, 20, 500), rng.random(500) < 0.7
    ratio = rng.normal(2 * score, 0.5)
    alone = projected_weights(ratio[used], score[used], fold[used])
    assert projected_weights(ratio[used], levels_of(score).of(used), fold[used]).tolist() == alone.tolist()
