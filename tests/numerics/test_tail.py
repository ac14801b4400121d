"""Reference values: arviz-stats 0.8.0, `_gpdfit(x)[0]` of its array diagnostics on exactly these arrays."""

import numpy as np
import pytest

from cje_audit.numerics.tail import generalised_pareto_shape, khat_threshold, tail_size, upper_tail


@pytest.mark.parametrize(
    ("excess", "khat"),
    [
        ((np.arange(1, 101) / 10.0) ** 2, -0.21824444662531067),
        (np.exp(np.linspace(-3, 3, 67)), 1.020613910158715),
        (-np.log1p(-np.arange(1, 51) / 51), 0.05362274772802679),
    ],
)
def test_shape_equals_another_implementation(excess: np.ndarray, khat: float) -> None:
    assert generalised_pareto_shape(excess) == pytest.approx(khat, abs=1e-12)


@pytest.mark.parametrize("k", [0.2, 0.5, 0.9])
def test_known_tail_is_found(k: float) -> None:
    p = (np.arange(1, 20_001) - 0.5) / 20_000
    got = upper_tail(np.log((1 - p) ** -k))
    assert got.pareto_khat == pytest.approx(k, abs=0.05)
    assert got.hill_alpha == pytest.approx(1 / k, rel=0.1)


def test_tail_does_not_move_with_a_constant() -> None:
    log_ratios = np.random.default_rng(1).normal(0, 2, 1000)
    plain, moved = upper_tail(log_ratios), upper_tail(log_ratios + 900)
    assert plain.pareto_khat == pytest.approx(moved.pareto_khat, rel=1e-6)
    assert plain.hill_alpha == pytest.approx(moved.hill_alpha, rel=1e-6)


def test_few_rows_have_no_tail() -> None:
    got = upper_tail(np.random.default_rng(0).normal(size=100))
    assert got.pareto_khat is None
    assert got.hill_alpha is None
    assert got.reason == "only 20 of 100 weights make the tail, 30 are needed"


def test_tied_weights_have_no_tail() -> None:
    got = upper_tail(np.concatenate([np.zeros(460), np.linspace(0.1, 4, 40)]))
    assert (got.pareto_khat, got.hill_alpha) == (None, None)
    assert got.reason
    assert "distinct" in got.reason


def test_a_tail_beyond_float64_says_so() -> None:
    got = upper_tail(np.linspace(-60_000, 0, 1000))
    assert got.pareto_khat is None
    assert got.reason == "the tail spans more than float64 can hold"


def test_threshold_and_size() -> None:
    assert khat_threshold(1000) == pytest.approx(2 / 3)
    assert khat_threshold(10**6) == 0.7
    assert (tail_size(503), tail_size(100)) == (68, 20)
