import numpy as np
import pytest

from cje_audit.checks.logprob_column import check_logprob_column
from tests.checks.builders import NAN, column, found, text_logprobs

STAGE = "logging_policy"


def test_clean_columns_pass_everything() -> None:
    rows, values = text_logprobs(300, 0)
    assert {c.status for c in check_logprob_column(STAGE, rows, column(rows, values))} == {"pass"}


@pytest.mark.parametrize(("n_bad", "status"), [(1, "warn"), (15, "warn"), (16, "fail")])
def test_positive_values_warn_up_to_five_percent(n_bad: int, status: str) -> None:
    rows, values = text_logprobs(300, 0)
    values[:n_bad] = np.linspace(0.1, 2, n_bad)
    check = found(check_logprob_column(STAGE, rows, column(rows, values)), f"{STAGE}.logprob_range")
    assert (check.status, check.n_affected) == (status, n_bad)
    assert f"{n_bad} of 300 log-probs" in check.sentence


def test_a_server_that_ignored_the_request() -> None:
    rows, _ = text_logprobs(100, 0)
    check = found(check_logprob_column(STAGE, rows, column(rows, np.zeros(100))), f"{STAGE}.zero_logprobs")
    assert check.status == "fail"
    assert "the server ignored the request for prompt log-probs" in check.sentence


def test_nothing_reported_is_not_evaluated() -> None:
    rows, _ = text_logprobs(50, 0)
    for empty in (None, column(rows, np.full(50, NAN))):
        assert {c.status for c in check_logprob_column(STAGE, rows, empty)} == {"not_evaluated"}
