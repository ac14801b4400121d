import pytest

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.results import JudgementResult, LogProbResult, ResponseResult, ResultStatus
from cje_audit.store.answer_rows import AnyResult, Packer, decode, encode, failed
from tests.store.test_journal import entry


@pytest.mark.parametrize(
    ("kind", "result"),
    [
        ("logprobs", LogProbResult.success((-0.1, -1e-17, -123.456), ("é", "\r\n", "🙂"), ends_with_stop=True)),
        ("generate", ResponseResult.success(" text ", finish_reason="stop", n_tokens=2)),
        ("judge", JudgementResult.success(0.1 + 0.2, scale=(0.0, 1.0), raw="0.3")),
    ],
)
def test_a_result_is_read_back_to_the_bit(kind: str, result: AnyResult) -> None:
    assert decode(kind, encode(result)) == result


def test_a_failure_is_built_again() -> None:
    judged = JudgementResult(status=ResultStatus.FAILED, code=FailureCode.UNPARSEABLE, detail="d", raw="words")
    assert failed("judge", "unparseable", "d", "words") == judged
    assert failed("logprobs", "timeout", None, None) == LogProbResult.failure(FailureCode.TIMEOUT)


def test_many_ends_are_few_statements() -> None:
    statements = Packer().statements([entry(n) for n in range(50)])
    assert len(statements) == 2
