from cje_audit.domain.codes import FailureCode
from cje_audit.domain.experiment import EndpointLimits
from cje_audit.domain.results import LogProbResult
from cje_audit.providers.base import Answer, Retry
from cje_audit.stages.asking.gate import ANSWERED_S, NEVER_ANSWERED_S, Gate
from tests.stages.asking.test_decision import failed

OK = Answer(LogProbResult.success((-1.0,), ("a",)))


def pass_one(gate: Gate, answer: Answer[LogProbResult], now: float) -> None:
    leaving = gate.enter(now, 1)
    gate.leave(leaving, "logprobs", answer, now, first=True)
    gate.released()


def test_the_first_request_goes_alone() -> None:
    gate = Gate("e", 16)
    assert gate.wait_s(0.0) == 0.0
    leaving = gate.enter(0.0, 1)
    assert gate.wait_s(0.1) is None
    gate.leave(leaving, "logprobs", OK, 0.2, first=True)
    assert gate.wait_s(0.2) == 0.0


def test_a_key_that_is_refused_stops_everything_there() -> None:
    gate = Gate("e", 16)
    pass_one(gate, failed(FailureCode.AUTH, again=False), 0.0)
    stop = gate.stopped("judge", 0.1)
    assert stop is not None and stop.code is FailureCode.AUTH
    assert gate.facts()["state"] == "stopped"


def test_no_echo_stops_scoring_only() -> None:
    gate = Gate("e", 16)
    pass_one(gate, failed(FailureCode.ECHO_UNSUPPORTED, again=False), 0.0)
    assert gate.stopped("generate", 0.1) is None
    assert gate.stopped("logprobs", 0.1) is not None


def test_an_endpoint_is_not_waited_for_without_end() -> None:
    never, once = Gate("e", 16), Gate("e", 16)
    pass_one(once, OK, 0.0)
    for gate in (never, once):
        for _ in range(5):
            pass_one(gate, failed(FailureCode.CONNECTION), 0.0)
    assert (never.stopped("logprobs", NEVER_ANSWERED_S - 1), once.stopped("logprobs", ANSWERED_S - 1)) == (None, None)
    assert never.stopped("logprobs", NEVER_ANSWERED_S + 1) is not None
    assert once.stopped("logprobs", ANSWERED_S + 1) is not None


def test_a_locked_endpoint_is_left_alone_for_as_long_as_it_says() -> None:
    gate = Gate("e", 16)
    limited = Answer(LogProbResult.failure(FailureCode.RATE_LIMITED), retry=Retry(again=True, after_s=30.0))
    for _ in range(25):
        pass_one(gate, limited, 1.0)
    assert gate.wait_s(2.0) == 29.0


def test_a_budget_of_tokens_is_kept() -> None:
    gate = Gate("e", 16, EndpointLimits(tokens_per_minute=600))
    gate.enter(0.0, 110)
    gate._proved = True
    assert 10.0 < (gate.wait_s(0.0) or 0.0) < 10.2
