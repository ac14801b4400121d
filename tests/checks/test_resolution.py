import numpy as np

from cje_audit.checks.resolution import n_cells


def test_cells_across_the_middle_of_a_column() -> None:
    values = -np.arange(0.0, 10.01, 0.01)
    assert round(n_cells(values, np.full(len(values), 0.01))) == 800
