"""IPS beyond what float64 can hold."""

import math

import numpy as np
import pytest

from cje_audit.numerics.ips import ips
from cje_audit.numerics.point import infer
from cje_audit.numerics.snips import snips


def test_ips_keeps_a_value_whose_squares_overflow_without_an_error() -> None:
    got = infer(ips(np.array([400.0, 0.0]), np.array([1.0, 1.0])), np.arange(2))
    assert got.value == pytest.approx(math.exp(400) / 2, rel=1e-12)
    assert (got.standard_error, got.interval) == (None, None)


def test_ips_beyond_float64_is_none_and_snips_is_not() -> None:
    ratio, reward = np.array([900.0, 899.0, 0.0]), np.array([1.0, 0.0, 1.0])
    assert infer(ips(ratio, reward), np.arange(3)).value is None
    assert snips(ratio, reward).value == pytest.approx(1 / (1 + math.exp(-1)))
