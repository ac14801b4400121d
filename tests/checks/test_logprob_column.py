import numpy as np
import pytest

from cje_audit.checks.logprob_column import check_logprob_column, grows_with_length
from tests.checks.builders import NAN, column, found, make_rows, text_logprobs

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


def test_means_reported_as_sums_fail() -> None:
    rng = np.random.default_rng(0)
    rows, values = text_logprobs(300, 0)
    means = values / rows.response_chars * rng.lognormal(0, 0.2, 300) * 4
    check = found(check_logprob_column(STAGE, rows, column(rows, means)), f"{STAGE}.logprob_density")
    assert check.status == "fail"
    assert "means, not sums" in check.sentence


def test_other_units_fail() -> None:
    rows, values = text_logprobs(300, 0)
    check = found(check_logprob_column(STAGE, rows, column(rows, values * 1000)), f"{STAGE}.logprob_density")
    assert check.status == "fail"
    target = check_logprob_column("target_policy", rows, column(rows, values * 50), "b", column(rows, values))
    assert "different units" in found(target, "target_policy.logprob_density", "b").sentence


def test_nothing_reported_is_not_evaluated() -> None:
    rows, _ = text_logprobs(50, 0)
    for empty in (None, column(rows, np.full(50, NAN))):
        assert {c.status for c in check_logprob_column(STAGE, rows, empty)} == {"not_evaluated"}


def test_few_rows_have_no_density() -> None:
    rows = make_rows(np.full(5, 100))
    check = found(check_logprob_column(STAGE, rows, column(rows, [-5, -6, -7, -8, -9])), f"{STAGE}.logprob_density")
    assert check.status == "not_evaluated"


def test_equal_lengths_tell_nothing_about_growth() -> None:
    assert grows_with_length(np.random.default_rng(0).random(50), np.full(50, 40.0))
