import numpy as np
import pytest

from cje_audit.numerics.mean import plain_mean


def test_fresh_draws_of_one_prompt_count_once() -> None:
    got = plain_mean(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0, 0, 1, 1]), scale=(0.0, 1.0))
    assert (got.value, got.groups, got.n) == (0.5, 2, 4)
    assert got.standard_error == pytest.approx(0.5)
    assert got.interval == (0.0, 1.0)
