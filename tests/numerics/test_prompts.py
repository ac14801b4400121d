import numpy as np
import pytest

from cje_audit.numerics.inference import squares_about_mean
from cje_audit.numerics.prompts import by_prompt


def test_rows_of_their_own_are_not_summed_at_all() -> None:
    values = np.array([3.0, 1.0, 2.0])
    prompts = by_prompt(np.array([900, 5, 7]))
    assert prompts.sums(values) is values
    assert (len(prompts), prompts.groups) == (3, 3)


def test_sums_and_presence_have_one_order_and_skip_unused_numbers() -> None:
    prompts = by_prompt(np.array([6, 2, 6, 0]))
    assert prompts.sums(np.array([1.0, 10.0, 2.0, 100.0])).tolist() == [100.0, 10.0, 3.0]
    assert prompts.holding(np.array([True, False, False, False])).tolist() == [False, False, True]
    assert by_prompt(prompts) is prompts
    assert prompts.alone().sums(np.arange(3.0)).tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("level", [0.0, 1.0, 30.0, 1e6])
def test_squares_about_the_mean_keep_their_digits(level: float) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=10_000)
    want = float(np.square(values - values.mean()).sum())
    assert squares_about_mean(values + level) == pytest.approx(want, rel=1e-9)
