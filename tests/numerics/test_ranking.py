import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cje_audit.numerics.compare import benjamini_hochberg, holm, spread_influence
from cje_audit.numerics.inference import clustered_standard_error
from cje_audit.numerics.ranking import joint_covariance, probability_best


def test_the_diagonal_is_the_squared_standard_error() -> None:
    random = np.random.default_rng(0)
    cluster = random.integers(0, 40, 100)
    influence = random.normal(size=100)
    shares = spread_influence(influence, np.ones(100, dtype=bool))
    error = clustered_standard_error(influence, cluster)
    assert error is not None
    assert joint_covariance([shares, shares], cluster)[0, 0] == pytest.approx(error**2)


def test_labels_move_all_estimates_together() -> None:
    flat = np.zeros(10)
    replicates = np.array([0.0, 1.0, 2.0])
    got = joint_covariance([flat, flat], np.arange(10), [replicates, replicates])
    assert got == pytest.approx(np.full((2, 2), 2 / 3 * 2))


def test_three_equal_independent_policies_share_the_first_place() -> None:
    assert probability_best(np.zeros(3), np.eye(3)) == pytest.approx(np.full(3, 1 / 3), abs=0.003)


def test_against_the_exact_probability_of_two() -> None:
    from scipy.special import ndtr

    got = probability_best(np.array([0.3, 0.0]), np.array([[1.0, 0.5], [0.5, 1.0]]))
    assert got[0] == pytest.approx(float(ndtr(0.3)), abs=0.003)


def test_known_truth_the_chance_is_calibrated() -> None:
    """Over 400 drawn worlds, the policy said to be best with chance p is best p of the time."""
    random = np.random.default_rng(1)
    said, was = [], []
    for _ in range(400):
        truth = random.normal(size=3)
        chances = probability_best(truth + 0.7 * random.normal(size=3), 0.49 * np.eye(3), draws=4000)
        likely = int(np.argmax(chances))
        said.append(chances[likely])
        was.append(likely == int(np.argmax(truth)))
    assert abs(float(np.mean(said)) - float(np.mean(was))) < 0.12


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_adjusted_p_values_keep_the_order_and_bh_never_exceeds_holm(p: list[float], random) -> None:
    h, bh = holm(p), benjamini_hochberg(p)
    assert all(raw <= b <= a + 1e-12 for raw, b, a in zip(p, bh, h, strict=True))
    order = list(range(len(p)))
    random.shuffle(order)
    moved = benjamini_hochberg([p[i] for i in order])
    assert moved == pytest.approx([bh[i] for i in order])


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=4), st.floats(-3, 3))
def test_chances_sum_to_one_and_ignore_a_common_shift(values: list[float], shift: float) -> None:
    flat = np.array(values)
    one = probability_best(flat, np.eye(len(flat)), draws=4000)
    two = probability_best(flat + shift, np.eye(len(flat)), draws=4000)
    assert one.sum() == pytest.approx(1.0)
    assert two == pytest.approx(one, abs=1e-6)
