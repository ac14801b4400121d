import asyncio

import pytest

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import UnwrapError
from cje_audit.domain.policy import Policy
from cje_audit.providers.base import Capabilities
from cje_audit.providers.scoring import compute_log_prob
from cje_audit.providers.scripted import Fault, Script, ScriptedProvider

POLICY = Policy(name="a", provider="scripted", model="m")


class Breaking(ScriptedProvider):
    """A provider with a programming error."""

    capabilities = Capabilities(generate=True, logprobs=True, judge=True)

    def __init__(self, error):
        super().__init__()
        self.error = error

    async def logprobs(self, policy, prompt, response, *, ended):
        raise self.error


def test_a_good_answer_has_a_value():
    result = compute_log_prob(POLICY, "p", "one two")
    assert result.unwrap() == sum(result.token_logprobs)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RuntimeError("boom"), FailureCode.UNKNOWN),
        (TimeoutError(), FailureCode.TIMEOUT),
        (KeyError("x"), FailureCode.UNKNOWN),
    ],
)
def test_whatever_a_provider_raises_becomes_a_failure_without_a_value(error, code):
    result = compute_log_prob(POLICY, "p", "r", provider=Breaking(error))
    assert result.code is code
    assert result.value is None
    with pytest.raises(UnwrapError):
        result.unwrap()


def test_a_fault_keeps_its_code():
    provider = ScriptedProvider(Script(faults=(Fault(code=FailureCode.RATE_LIMITED),)))
    assert compute_log_prob(POLICY, "p", "r", provider=provider).code is FailureCode.RATE_LIMITED


def test_wrong_endpoints_are_failures_too():
    assert compute_log_prob(POLICY.model_copy(update={"provider": "nowhere"}), "p", "r").code is FailureCode.BAD_REQUEST
    embedded = Policy(name="a", provider="embedded", model="another")
    assert compute_log_prob(embedded, "p", "r").code is FailureCode.BAD_REQUEST


def test_a_missing_model_is_a_failure(tmp_path, monkeypatch):
    monkeypatch.setenv("CJE_AUDIT_MODELS", str(tmp_path))
    result = compute_log_prob(Policy(name="a", provider="embedded", model="SmolLM2-135M-Instruct"), "p", "r")
    assert result.code is FailureCode.NOT_FOUND


def test_it_can_be_called_inside_a_running_loop():
    async def inside():
        return compute_log_prob(POLICY, "p", "r")

    assert asyncio.run(inside()).is_ok


def test_an_empty_response_has_no_log_prob():
    assert compute_log_prob(POLICY, "p", "").code is FailureCode.EMPTY_RESPONSE
