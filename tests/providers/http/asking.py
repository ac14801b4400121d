"""Short ways to ask in a test: one call, its own event loop, everything closed."""

import asyncio
from typing import Any

from cje_audit.domain.experiment import Judge
from cje_audit.domain.policy import Policy
from cje_audit.domain.results import JudgementResult, LogProbResult, ResponseResult
from cje_audit.providers.base import Answer
from cje_audit.providers.http.client import Timeouts
from cje_audit.providers.http.provider import HttpProvider
from cje_audit.providers.registry import make_provider
from tests.faults.running import FaultServer

QUICK = Timeouts(connect_s=2.0, read_s=0.5)
BEFORE = "Be brief."
PROMPT, RESPONSE = "What is two plus two, please?", "It is four, and that is all there is to say."


def policy(server: FaultServer, **changes: Any) -> Policy:
    """Return a policy on the fault server."""
    known = {"name": "a", "model": "m", "base_url": server.url, "system_prompt": BEFORE}
    return Policy(**(known | changes))


def judge(server: FaultServer, **changes: Any) -> Judge:
    """Return a judge on the fault server."""
    known = {"kind": "score", "provider": "openai_compatible", "model": "m", "base_url": server.url}
    return Judge(**(known | changes))


def provider(asked: Policy | Judge, timeouts: Timeouts = QUICK) -> HttpProvider:
    """Return the registry's provider, with short timeouts."""
    made = make_provider(asked)
    assert isinstance(made, HttpProvider)
    made._client.timeouts = timeouts
    return made


def score(
    asked: Policy, prompt: str = PROMPT, response: str = RESPONSE, *, ended: bool = False, times: int = 1
) -> list[Answer[LogProbResult]]:
    """Score one response `times` times with one provider."""

    async def ask() -> list[Answer[LogProbResult]]:
        made = provider(asked)
        answers = [await made.logprobs(asked, prompt, response, ended=ended) for _ in range(times)]
        await made.aclose()
        return answers

    return asyncio.run(ask())


def generate(asked: Policy, prompt: str = PROMPT, *, draw: int = 0) -> Answer[ResponseResult]:
    """Have one response written."""

    async def ask() -> Answer[ResponseResult]:
        made = provider(asked)
        answer = await made.generate(asked, prompt, draw=draw)
        await made.aclose()
        return answer

    return asyncio.run(ask())


def judged(asked: Judge, prompt: str = PROMPT, response: str = RESPONSE, *, draw: int = 0) -> Answer[JudgementResult]:
    """Have one response judged."""

    async def ask() -> Answer[JudgementResult]:
        made = provider(asked)
        answer = await made.judge(asked, prompt, response, draw=draw)
        await made.aclose()
        return answer

    return asyncio.run(ask())
