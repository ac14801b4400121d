import numpy as np

from cje_audit.bridge.results import BatchResult, LogprobMatrix, SampleResult
from cje_audit.domain.codes import FailureCode
from cje_audit.domain.results import LogProbResult

OK, LOST = LogProbResult.success((-1.0, -0.5), ("a", "b")), LogProbResult.failure(FailureCode.TIMEOUT)


def test_a_failed_cell_is_masked_and_nothing_in_it_looks_like_a_number():
    matrix = LogprobMatrix.of([[OK, LOST], [LOST, LOST]], 2)
    assert matrix.dtype == np.float64 and matrix.shape == (2, 2)
    assert matrix.mask.tolist() == [[False, True], [True, True]]
    assert np.isnan(matrix.data[matrix.mask]).all() and np.isnan(matrix.filled()[matrix.mask]).all()
    assert matrix.status.tolist() == [["ok", "timeout"], ["timeout", "timeout"]]
    assert matrix[:, 0].mean() == -1.5


def test_without_rows_or_without_a_failure_it_is_still_a_masked_matrix():
    assert LogprobMatrix.of([], 3).shape == (0, 3)
    whole = LogprobMatrix.of([[OK]], 1)
    assert whole.mask.tolist() == [[False]] and whole[0, 0] == -1.5


def test_a_status_never_stands_beside_another_cells_number():
    matrix = LogprobMatrix.of([[OK, LOST], [OK, OK]], 2)
    assert matrix[::-1].status is None and (matrix - 1).status is None and matrix[1:].status is None
    assert matrix.status is not None


def test_a_batch_counts_what_is_there_and_what_is_not():
    samples = [
        SampleResult("1", "p", "r", {"a": OK, "b": LOST}, {"a": 1.0, "b": None}),
        SampleResult("2", "p", "s", {"a": OK, "b": OK}, {"a": 1.0, "b": 1.0}),
    ]
    batch = BatchResult(tuple(samples), 0.5)
    assert (batch.n_used, batch.n_total) == (1, 2)
    assert batch.failures() == {"a": {}, "b": {"timeout": 1}}
    assert batch.get_summary() == "1 of 2 samples have a log-probability under every policy."
