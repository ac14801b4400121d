import numpy as np

from cje_audit.checks.fallback import KNOWN, Measured, clamped, count_ties, fallback_constants, is_known, misfit
from cje_audit.checks.resolution import crowding, grid_size, local_median


def test_ties_count_texts_and_lengths_not_rows() -> None:
    cells = Measured(
        np.array([-5.0, -5.0, -5.0, -7.0]), np.array([1, 1, 2, 3]), np.array([10, 10, 12, 9]), np.ones(4, dtype=bool)
    )
    ties = count_ties(cells)
    assert ties.distinct.tolist() == [-7.0, -5.0]
    assert (ties.rows.tolist(), ties.texts.tolist(), ties.lengths.tolist()) == ([1, 3], [1, 2], [1, 2])


def test_known_constants_are_matched_exactly() -> None:
    assert is_known(KNOWN).all()
    assert not is_known(KNOWN * 1.000001).any()


def test_a_value_that_cannot_be_this_text_misfits() -> None:
    cells = Measured(np.append(np.full(30, -5.0), -999.0), np.arange(31), np.full(31, 50), np.ones(31, dtype=bool))
    assert np.flatnonzero(misfit(cells)).tolist() == [30]
    assert not clamped(cells).any()


def test_no_cells() -> None:
    assert fallback_constants(
        Measured(np.zeros(0), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool))
    ).shape == (0,)


def test_grid_of_usual_formats() -> None:
    values = -np.random.default_rng(0).gamma(3, 30, 500)
    assert grid_size(values).max() == 0
    assert set(grid_size(np.round(values, 3)).tolist()) == {0.001}
    digits = np.array([float(f"{v:.3g}") for v in values])
    assert grid_size(digits)[np.argmin(digits)] == 1.0
    single = np.unique(values.astype(np.float32).astype(np.float64))
    assert 0 < grid_size(single).max() < 1e-4


def test_crowding_is_not_fooled_by_one_constant() -> None:
    distinct, counts = np.arange(100.0), np.ones(100, dtype=np.int64)
    counts[50] = 1000
    crowd = crowding(distinct, counts)
    assert crowd.mass[51] < 40
    assert crowd.typical[50] == 1
    assert local_median(np.ones(2)).tolist() == [1.0, 1.0]
