"""The provider `recorded`: what is in the data file is all there is, so every request is a failure with its code."""

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.experiment import Judge
from cje_audit.domain.policy import Policy
from cje_audit.domain.results import JudgementResult, LogProbResult, ResponseResult
from cje_audit.providers.base import Answer, Capabilities

CAPABILITIES = Capabilities(
    generate=False,
    logprobs=False,
    judge=False,
    instead="Recorded values come from the imported file; name a provider that can be asked to get new ones.",
)
DETAIL = "recorded values cannot be asked for again"


class RecordedProvider:
    """Answers nothing; implements `providers.base.Provider` so that a missing value has a reason."""

    name = "recorded"
    capabilities = CAPABILITIES
    scorer_version = "recorded"

    async def generate(self, policy: Policy, prompt: str, *, draw: int) -> Answer[ResponseResult]:
        """Fail with `no_score`."""
        return Answer(ResponseResult.failure(FailureCode.NO_SCORE, DETAIL))

    async def logprobs(self, policy: Policy, prompt: str, response: str, *, ended: bool) -> Answer[LogProbResult]:
        """Fail with `no_score`."""
        return Answer(LogProbResult.failure(FailureCode.NO_SCORE, DETAIL))

    async def judge(
        self, judge: Judge, prompt: str, response: str, *, draw: int, other: str | None = None
    ) -> Answer[JudgementResult]:
        """Fail with `no_score`."""
        return Answer(JudgementResult.failure(FailureCode.NO_SCORE, DETAIL))

    async def aclose(self) -> None:
        """Nothing to let go of."""
