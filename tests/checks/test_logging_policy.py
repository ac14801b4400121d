import numpy as np
import pytest

from cje_audit.checks.frame import PolicyFacts
from cje_audit.checks.logging_policy import check_logging_policy
from tests.checks.builders import NAN, column, found, text_logprobs

BASE = PolicyFacts("base", "logging")


def test_clean_data_is_quiet() -> None:
    rows, values = text_logprobs(200, 0)
    assert {c.status for c in check_logging_policy(rows, column(rows, values), BASE)} == {"pass", "not_evaluated"}


@pytest.mark.parametrize(("n_missing", "status"), [(0, "pass"), (20, "warn"), (150, "fail")])
def test_computed_blocks_below_half(n_missing: int, status: str) -> None:
    rows, values = text_logprobs(200, 0)
    values[:n_missing] = NAN
    check = found(check_logging_policy(rows, column(rows, values), BASE), "logging_policy.computed")
    assert (check.status, check.n_affected) == (status, n_missing)


def test_never_computed_fails_and_says_so() -> None:
    rows, _ = text_logprobs(20, 0)
    checks = check_logging_policy(rows, None, BASE)
    assert found(checks, "logging_policy.computed").status == "fail"
    assert found(checks, "logging_policy.logprob_range").status == "not_evaluated"


def test_blank_and_absent_responses_are_told_apart() -> None:
    rows, values = text_logprobs(100, 0)
    rows.has_response[:2] = False
    rows.blank_response[2:5] = True
    checks = check_logging_policy(rows, column(rows, values), BASE)
    assert found(checks, "logging_policy.responses").n_affected == 2
    assert found(checks, "logging_policy.empty_responses").n_affected == 3


def test_responses_drawn_at_another_temperature_warn() -> None:
    rows, values = text_logprobs(100, 0)
    cool = PolicyFacts("base", "logging", sampling={"temperature": 0.7, "top_p": 1.0})
    check = found(check_logging_policy(rows, column(rows, values), cool), "logging_policy.sampling_density")
    assert check.status == "warn"
    assert "temperature 0.7" in check.sentence
    plain = PolicyFacts("base", "logging", sampling={"temperature": 1.0, "top_p": 1.0})
    assert (
        found(check_logging_policy(rows, column(rows, values), plain), "logging_policy.sampling_density").status
        == "pass"
    )


def test_no_rows() -> None:
    rows, values = text_logprobs(0, 0)
    assert found(check_logging_policy(rows, column(rows, values), BASE), "logging_policy.computed").status == "fail"
    assert np.size(values) == 0


@pytest.mark.parametrize(("apart", "status"), [(0.0, "pass"), (0.01, "pass"), (3.0, "warn")])
def test_one_text_scored_by_two_models_is_seen(apart: float, status: str) -> None:
    rows, values = text_logprobs(200, 0)
    rows.text_key[100:] = rows.text_key[:100]
    values[100:] = values[:100] - apart
    check = found(check_logging_policy(rows, column(rows, values), BASE), "logging_policy.single_policy")
    assert check.status == status


def test_a_known_identity_is_one_policy() -> None:
    rows, values = text_logprobs(50, 0)
    checks = check_logging_policy(rows, column(rows, values), PolicyFacts("base", "logging", "abc"))
    assert found(checks, "logging_policy.single_policy").status == "pass"
