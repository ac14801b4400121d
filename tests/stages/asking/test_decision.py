import pytest

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.results import LogProbResult
from cje_audit.providers.base import Answer, Retry
from cje_audit.stages.asking.decision import MARGIN_S, MOST_PROBES, Rules, ask_again_at
from tests.stages.asking.test_jobs import job


def failed(code: FailureCode, *, again: bool = True, after_s: float | None = None) -> Answer[LogProbResult]:
    return Answer(LogProbResult.failure(code), retry=Retry(again, after_s))


def test_a_success_and_a_permanent_failure_are_final() -> None:
    assert ask_again_at(job(0), Answer(LogProbResult.success((-1.0,), ("a",))), 0.0, Rules()) is None
    assert ask_again_at(job(0), failed(FailureCode.BAD_REQUEST, again=False), 0.0, Rules()) is None


def test_attempts_are_counted_and_end() -> None:
    one = job(0)
    waits = [ask_again_at(one, failed(FailureCode.SERVER_ERROR), 0.0, Rules(max_attempts=4)) for _ in range(4)]
    assert waits[-1] is None
    assert all(w is not None and 0.5 <= w <= 5 for w in waits[:-1])


@pytest.mark.parametrize("code", [FailureCode.RATE_LIMITED, FailureCode.SERVER_ERROR])
def test_the_servers_floor_is_kept_to_the_moment(code: FailureCode) -> None:
    assert ask_again_at(job(0), failed(code, after_s=3.0), 10.0, Rules()) == pytest.approx(13.0 + MARGIN_S)
    assert ask_again_at(job(0), failed(code, after_s=700.0), 10.0, Rules(patience_s=600)) is None


def test_too_many_requests_spend_no_attempt_but_not_without_end() -> None:
    one, now, asked = job(0), 0.0, 0
    rules = Rules(max_attempts=2, patience_s=100)
    while (at := ask_again_at(one, failed(FailureCode.RATE_LIMITED), now, rules)) is not None:
        now, asked = at, asked + 1
    assert (one.spent, asked > 5, 50 < now <= 100) == (0, True, True)


def test_a_probe_spends_no_attempt() -> None:
    one = job(0)
    for _ in range(MOST_PROBES):
        assert ask_again_at(one, failed(FailureCode.CONNECTION), 0.0, Rules(max_attempts=1), probe=True) is not None
    assert ask_again_at(one, failed(FailureCode.CONNECTION), 0.0, Rules(max_attempts=1), probe=True) is None
