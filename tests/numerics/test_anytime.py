"""Looks at partial data: the intervals miss the truth at any look as seldom as one interval may."""

import numpy as np
import pytest

from cje_audit.numerics.anytime import anytime_level, look_level
from cje_audit.numerics.inference import t_quantile

PLANNED, PATHS = 2000, 1500
LOOKS = np.unique(np.geomspace(40, PLANNED, 30).astype(int))


def ever_missed(factor: np.ndarray) -> float:
    """Return how many paths of means leave 0 out of mean ± factor · error at any look."""
    draws = np.random.default_rng(11).exponential(1.0, (PATHS, PLANNED)) - 1
    sums, squares = np.cumsum(draws, axis=1)[:, LOOKS - 1], np.cumsum(draws**2, axis=1)[:, LOOKS - 1]
    mean = sums / LOOKS
    error = np.sqrt((squares / LOOKS - mean**2) / (LOOKS - 1))
    return float(np.any(np.abs(mean) > factor * error, axis=1).mean())


def test_all_looks_together_miss_no_more_often_than_one_may() -> None:
    widened = np.array([t_quantile(int(n), anytime_level(n / PLANNED)) for n in LOOKS])
    assert ever_missed(widened) <= 0.05
    assert ever_missed(np.array([t_quantile(int(n)) for n in LOOKS])) > 0.15


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_a_look_is_stricter_the_fewer_rows_are_in_and_free_when_all_are(level: float) -> None:
    looks = [anytime_level(f, level) for f in (0.02, 0.05, 0.1)]
    assert looks == sorted(looks, reverse=True)
    assert all(look > level for look in looks)
    assert look_level(1.0, level) == level
