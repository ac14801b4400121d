import asyncio

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.experiment import Judge
from cje_audit.domain.policy import Policy
from cje_audit.providers.recorded import RecordedProvider


def test_every_request_fails_with_no_score():
    provider, policy = RecordedProvider(), Policy(name="a", provider="recorded", model="m")

    async def ask():
        return [
            await provider.generate(policy, "p", draw=0),
            await provider.logprobs(policy, "p", "r", ended=False),
            await provider.judge(Judge(), "p", "r", draw=0),
        ]

    for answer in asyncio.run(ask()):
        assert answer.result.code is FailureCode.NO_SCORE
        assert not answer.retry.again
