"""Types that cannot lie."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cje_audit.domain.codes import CODES, FailureCode
from cje_audit.domain.errors import UnwrapError
from cje_audit.domain.results import JudgementResult, LogProbResult, ResponseResult, ResultStatus

KINDS = (LogProbResult, ResponseResult, JudgementResult)


@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_has_a_code_and_no_value(kind: type[LogProbResult]) -> None:
    result = kind.failure(FailureCode.TIMEOUT, "no answer within 3 s")
    assert (result.value, result.code, result.is_ok) == (None, FailureCode.TIMEOUT, False)
    with pytest.raises(UnwrapError, match="timeout"):
        result.unwrap()


@pytest.mark.parametrize("kind", KINDS)
def test_no_result_offers_a_fallback(kind: type) -> None:
    assert not [name for name in dir(kind) if "or" in name.split("_") or "default" in name]


@pytest.mark.parametrize("kind", KINDS)
def test_the_two_impossible_states_cannot_be_built(kind: type[LogProbResult]) -> None:
    with pytest.raises(ValueError, match="exactly when"):
        kind(status=ResultStatus.OK)
    with pytest.raises(ValueError, match="exactly when"):
        kind(status=ResultStatus.FAILED)
    with pytest.raises(ValueError, match="exactly when"):
        kind(status=ResultStatus.FAILED, value=-1.0, code=FailureCode.TIMEOUT)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=6))
@example([-9e307, -9e307])  # each finite, their sum is not
def test_a_log_prob_is_finite_and_at_most_0_or_it_is_a_failure(values: list[float]) -> None:
    result = LogProbResult.success(tuple(values), tuple("x" for _ in values))
    sound = bool(values) and all(math.isfinite(v) and v <= 0 for v in values) and math.isfinite(sum(values))
    assert result.is_ok == sound
    assert (result.value is None) == (not sound)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_score_lies_on_the_scale_or_it_is_a_failure(score: float) -> None:
    result = JudgementResult.success(score, scale=(1.0, 5.0), raw="said")
    assert result.is_ok == (math.isfinite(score) and 1.0 <= score <= 5.0)
    assert result.raw == "said"


def test_blank_text_is_no_response() -> None:
    assert ResponseResult.success(" \n\t").code is FailureCode.EMPTY_RESPONSE
    assert ResponseResult.success("yes", finish_reason="stop").unwrap() == "yes"


def test_every_code_says_what_it_means_and_what_to_do() -> None:
    assert set(CODES) == set(FailureCode)
    assert all(facts.sentence.endswith(".") and facts.what_to_do.endswith(".") for facts in CODES.values())
    retryable = {str(c) for c, f in CODES.items() if f.retryable}
    assert retryable == {"timeout", "rate_limited", "connection", "server_error", "bad_response", "unparseable"}
