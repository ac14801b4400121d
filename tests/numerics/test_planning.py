import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cje_audit.numerics.inference import t_quantile
from cje_audit.numerics.planning import MOST, draws_for, labels_for, rows_for
from cje_audit.numerics.point import infer
from cje_audit.numerics.snips import snips


@given(st.floats(0.01, 5), st.floats(0.005, 2))
def test_the_planned_number_is_the_least_that_suffices(spread: float, half: float) -> None:
    n = draws_for(spread, half)
    assert t_quantile(n) * spread / n**0.5 <= half
    assert n == 2 or t_quantile(n - 1) * spread / (n - 1) ** 0.5 > half


def test_the_impossible_ends() -> None:
    assert draws_for(1.0, 1e-9) >= MOST


def test_known_truth_the_planned_rows_give_the_half_width_of_snips() -> None:
    """From a pilot of 2,000 rows of the same world; the mean half-width over repetitions is what was asked for."""
    random = np.random.default_rng(3)

    def half_width(n: int) -> float:
        ratio = random.normal(-0.125, 0.5, n)
        reward = 1 / (1 + np.exp(-random.normal(0.5 * ratio, 1.0)))
        interval = infer(snips(ratio, reward), np.arange(n)).interval
        assert interval is not None
        return (interval[1] - interval[0]) / 2

    ratio = random.normal(-0.125, 0.5, 2000)
    reward = 1 / (1 + np.exp(-random.normal(0.5 * ratio, 1.0)))
    error = infer(snips(ratio, reward), np.arange(2000)).standard_error
    assert error is not None
    n = rows_for(2000, error, 0.02)
    assert np.mean([half_width(n) for _ in range(200)]) == pytest.approx(0.02, rel=0.07)


def test_known_truth_the_planned_labels_leave_the_wanted_variance() -> None:
    rows, labels, half = 2e-4, 6e-4, 1.959964 * (4e-4) ** 0.5
    m = labels_for(100, (rows + labels) ** 0.5, labels / (rows + labels), half)
    assert m is not None
    assert rows + labels * 100 / m == pytest.approx(4e-4, rel=0.01)


def test_no_number_of_labels_helps_where_the_rows_alone_are_too_few() -> None:
    assert labels_for(100, 0.02, 0.1, 0.01) is None
