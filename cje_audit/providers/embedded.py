"""The provider `embedded`: a small real language model on this machine, without a key and without a network."""

import importlib.metadata
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from cje_audit.domain.codes import CODES, FailureCode
from cje_audit.domain.errors import ConfigError
from cje_audit.domain.experiment import Judge
from cje_audit.domain.policy import Policy
from cje_audit.domain.results import JudgementResult, LogProbResult, ResponseResult, ResultStatus
from cje_audit.providers.base import Answer, Capabilities, Exchange, Retry
from cje_audit.providers.smollm.fetch import GGUF_SHA256, MODEL_NAME, model_path
from cje_audit.providers.smollm.pool import WorkerPool, require_packages

R = TypeVar("R", ResponseResult, LogProbResult, JudgementResult)
Reply = Mapping[str, Any]
Request = dict[str, Any]

CAPABILITIES = Capabilities(generate=True, logprobs=True, judge=True)
ENGINE = "numpy-f32-1"  # counted up when the arithmetic changes


class EmbeddedProvider:
    """SmolLM2-135M-Instruct in worker processes; implements `providers.base.Provider`.

    Log-probabilities are at temperature 1 whatever the policy samples with, in nats, and the same bits on every call.

    Raises
    ------
    ModelMissing
        When the model was not fetched, or the extra `embedded` is not installed.
    ConfigError
        When another model is asked for.
    """

    name = "embedded"
    capabilities = CAPABILITIES

    def __init__(self, model: str = MODEL_NAME, *, workers: int | None = None, pool: WorkerPool | None = None) -> None:
        if model != MODEL_NAME:
            raise ConfigError(
                f"The embedded provider has only the model {MODEL_NAME}, not {model}.",
                expected=MODEL_NAME,
                got=model,
                what_to_do=f"Write model: {MODEL_NAME}.",
            )
        require_packages()
        self._pool = pool or WorkerPool(model_path(), workers)
        self.scorer_version = f"embedded {ENGINE} gguf {GGUF_SHA256[:12]} numpy {importlib.metadata.version('numpy')}"

    async def generate(self, policy: Policy, prompt: str, *, draw: int) -> Answer[ResponseResult]:
        """Sample one response; the same policy identity, prompt and draw always give the same one."""
        request: Request = {"op": "generate", "policy": policy.model_dump(mode="json"), "prompt": prompt, "draw": draw}
        return await self._ask(request, _response, ResponseResult.failure)

    async def logprobs(self, policy: Policy, prompt: str, response: str, *, ended: bool) -> Answer[LogProbResult]:
        """Teacher-force `response`; with `ended`, the end token too where the template has one."""
        if not response:
            return Answer(LogProbResult.failure(FailureCode.EMPTY_RESPONSE))
        request: Request = {"op": "logprobs", "policy": policy.model_dump(mode="json"), "prompt": prompt}
        request |= {"response": response, "ended": ended}
        return await self._ask(request, _log_prob, LogProbResult.failure)

    async def greedy(self, policy: Policy, prompt: str, *, most: int, begun: str = "") -> Answer[LogProbResult]:
        """Write the likeliest tokens, with the log-probs they had while they were written."""
        likeliest = policy.model_copy(update={"temperature": 0.0, "top_p": 1.0, "max_tokens": most, "stop": ()})
        request: Request = {"op": "generate", "policy": likeliest.model_dump(mode="json"), "prompt": prompt, "draw": 0}
        request["begun"] = begun
        return await self._ask(request, _traced, LogProbResult.failure)

    async def judge(
        self, judge: Judge, prompt: str, response: str, *, draw: int, other: str | None = None
    ) -> Answer[JudgementResult]:
        """Score `response` by P(Yes) against P(No) (`logprob`), or by the words of a reply (`score`, `pairwise`)."""
        if judge.kind == "recorded" or (judge.kind == "pairwise") != (other is not None):
            return Answer(JudgementResult.failure(FailureCode.BAD_REQUEST, f"no judge of kind {judge.kind} here"))
        request: Request = {"op": "judge", "judge": judge.model_dump(mode="json"), "prompt": prompt}
        request |= {"response": response, "other": other, "draw": draw}
        return await self._ask(request, lambda reply: _judgement(reply, judge), JudgementResult.failure)

    async def aclose(self) -> None:
        """End the worker processes."""
        await self._pool.aclose()

    async def _ask(
        self, request: Request, read: Callable[[Reply], R], failure: Callable[[FailureCode, str | None], R]
    ) -> Answer[R]:
        start = time.perf_counter()
        reply = await self._pool.ask(request)
        exchange = Exchange(_bytes(request), _bytes(reply), None, time.perf_counter() - start)
        if "code" not in reply:
            return Answer(read(reply), exchange)
        code = FailureCode(reply["code"])
        result = read(reply) if "raw" in reply else failure(code, reply["detail"])
        return Answer(result, exchange, Retry(again=CODES[code].retryable))


def _response(reply: Reply) -> ResponseResult:
    return ResponseResult.success(reply["text"], finish_reason=reply["finish_reason"], n_tokens=len(reply["token_ids"]))


def _log_prob(reply: Reply) -> LogProbResult:
    values, tokens = tuple(reply["token_logprobs"]), tuple(reply["tokens"])
    result = LogProbResult.success(values, tokens, ends_with_stop=reply["ends_with_stop"])
    return replace(result, before=reply["before"])


def _traced(reply: Reply) -> LogProbResult:
    return LogProbResult.success(tuple(reply["token_logprobs"]), tuple(reply["tokens"]))


def _judgement(reply: Reply, judge: Judge) -> JudgementResult:
    if "code" in reply:
        code, detail = FailureCode(reply["code"]), reply["detail"]
        return JudgementResult(status=ResultStatus.FAILED, code=code, detail=detail, raw=reply["raw"])
    return JudgementResult.success(reply["score"], scale=judge.scale, raw=reply["raw"])


def _bytes(document: Reply) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode("utf-8", errors="backslashreplace")
