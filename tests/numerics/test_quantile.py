import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cje_audit.numerics.quantile import weighted_quantile


def plainly(values: np.ndarray, weight: np.ndarray, mass: float) -> float:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order])
    return float(values[order[np.searchsorted(reached, mass * reached[-1] * (1 - 1e-12))]])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([5, 300, 20_000]), st.sampled_from(["normal", "tied", "wild"]))
def test_equals_sorting_everything(seed: int, n: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    values = {"normal": rng.normal(size=n), "tied": rng.integers(0, 4, n) / 2.0, "wild": rng.standard_cauchy(n) ** 3}
    weight, mass = np.exp(rng.normal(0, 2, n)), float(rng.uniform(0.05, 0.95))
    assert weighted_quantile(values[kind], weight, mass) == plainly(values[kind], weight, mass)


def test_all_weight_on_one_row() -> None:
    weight = np.zeros(10_000)
    weight[17] = 1.0
    assert weighted_quantile(np.arange(10_000.0), weight, 0.9) == 17.0


@pytest.mark.parametrize("value", [0.0, -7.5])
def test_equal_values(value: float) -> None:
    assert weighted_quantile(np.full(9_000, value), np.ones(9_000), 0.5) == value
