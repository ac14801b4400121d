"""The provider `scripted`: answers and faults from a table, log-probabilities from the text alone. For tests.

In an experiment file, `base_url` may name a JSON file with the script, so that a worker process can be tested too.
"""

import asyncio
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, ValidationError

from cje_audit.domain.codes import CODES, FailureCode
from cje_audit.domain.errors import ConfigError
from cje_audit.domain.experiment import Judge
from cje_audit.domain.policy import Policy, Strict
from cje_audit.domain.results import JudgementResult, LogProbResult, ResponseResult
from cje_audit.providers.base import Answer, Capabilities, Exchange, Retry

R = TypeVar("R", ResponseResult, LogProbResult, JudgementResult)
Op = Literal["generate", "logprobs", "judge"]

CAPABILITIES = Capabilities(generate=True, logprobs=True, judge=True)
PIECE = re.compile(r"\s*\S+|\s+")


class Fault(Strict):
    """One fault: where `op`, `policy` and `contains` (in prompt or response) fit, the first `times` asks fail.

    `times` None means always; it counts per prompt and response. `from_call` lets that many asks, of any kind, pass.
    """

    code: FailureCode
    op: Op | None = None
    policy: str | None = None
    contains: str = ""
    times: int | None = None
    from_call: int = 0


class Script(Strict):
    """What the provider says: answers by prompt, scores by response, faults, seconds per answer, and a log of asks.

    `noise` is how much of the scale a judge's draws of one response spread over.
    """

    answers: dict[str, str] = Field(default_factory=dict)
    scores: dict[str, float] = Field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    delay_s: float = 0.0
    noise: float = 0.0
    log: str | None = None


class ScriptedProvider:
    """A provider whose every answer is known beforehand; implements `providers.base.Provider`.

    `calls` lists what was asked, in order, as (op, policy or judge model, prompt, response).
    """

    name = "scripted"
    capabilities = CAPABILITIES
    scorer_version = "scripted 1"

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or Script()
        self.calls: list[tuple[str, str, str, str]] = []
        self._failed: Counter[tuple[int, str, str, str]] = Counter()

    @classmethod
    def from_file(cls, path: Path) -> "ScriptedProvider":
        """Read the script from a JSON file.

        Raises
        ------
        ConfigError
            When the file cannot be read as a script.
        """
        try:
            return cls(Script.model_validate_json(path.read_bytes()))
        except (OSError, ValidationError) as error:
            raise ConfigError(f"The script {path} cannot be read: {error}.", what_to_do="Correct base_url.") from error

    async def generate(self, policy: Policy, prompt: str, *, draw: int) -> Answer[ResponseResult]:
        """Return the table's answer, or words that depend on policy, prompt and draw."""
        text = self.script.answers.get(prompt) or _words(policy.identity_hash(), prompt, str(draw))

        def answer() -> ResponseResult:
            return ResponseResult.success(text, finish_reason="stop", n_tokens=len(PIECE.findall(text)))

        return await self._answer("generate", policy.name, prompt, "", answer, ResponseResult.failure)

    async def logprobs(self, policy: Policy, prompt: str, response: str, *, ended: bool) -> Answer[LogProbResult]:
        """Return one value per word, in nats, that depends on the text and slightly on the policy's identity."""
        pieces = tuple(PIECE.findall(response))
        values = tuple(
            -0.2 - 2 * _share(prompt, piece) - 0.1 * _share(policy.identity_hash(), prompt, piece) for piece in pieces
        )

        def answer() -> LogProbResult:
            before = f"{policy.system_prompt}\n\n{prompt}" if policy.system_prompt is not None else prompt
            return replace(LogProbResult.success(values, pieces), before=before)

        return await self._answer("logprobs", policy.name, prompt, response, answer, LogProbResult.failure)

    async def judge(
        self, judge: Judge, prompt: str, response: str, *, draw: int, other: str | None = None
    ) -> Answer[JudgementResult]:
        """Return the table's score, or one on the scale that depends on the text; a comparison is won by the better."""
        score = self._score(judge, prompt, response, draw)
        if other is not None:
            score = judge.scale[score > self._score(judge, prompt, other, draw)]

        def answer() -> JudgementResult:
            return JudgementResult.success(score, scale=judge.scale, raw=f"score {score:g}")

        return await self._answer("judge", judge.model or "judge", prompt, response, answer, JudgementResult.failure)

    def _score(self, judge: Judge, prompt: str, response: str, draw: int) -> float:
        low, high = judge.scale
        if response in self.script.scores:
            return self.script.scores[response]
        moved = self.script.noise * (_share(prompt, response, str(draw)) - 0.5)
        return low + (high - low) * min(max(_share(prompt, response) + moved, 0.0), 1.0)

    async def aclose(self) -> None:
        """Nothing to let go of."""

    async def _answer(
        self,
        op: Op,
        who: str,
        prompt: str,
        response: str,
        answer: Callable[[], R],
        failure: Callable[[FailureCode, str | None], R],
    ) -> Answer[R]:
        self._note(op, who, prompt, response)
        if self.script.delay_s:
            await asyncio.sleep(self.script.delay_s)
        code = self._fault(op, who, prompt, response)
        exchange = Exchange(f"{op} {who} {prompt}".encode(), b"scripted", 200, self.script.delay_s)
        if code is None:
            return Answer(answer(), exchange)
        return Answer(failure(code, "scripted fault"), exchange, Retry(again=CODES[code].retryable))

    def _note(self, op: Op, who: str, prompt: str, response: str) -> None:
        self.calls.append((op, who, prompt, response))
        if self.script.log is not None:
            with Path(self.script.log).open("a", encoding="utf-8") as log:
                log.write(json.dumps([op, who, prompt, response]) + "\n")

    def _fault(self, op: Op, who: str, prompt: str, response: str) -> FailureCode | None:
        for number, fault in enumerate(self.script.faults):
            fits = fault.op in (None, op) and fault.policy in (None, who) and fault.contains in prompt + response
            key = (number, op, who, prompt + response)
            spent = fault.times is not None and self._failed[key] >= fault.times
            if fits and not spent and len(self.calls) > fault.from_call:
                self._failed[key] += 1
                return fault.code
        return None


def _share(*parts: str) -> float:
    """Return a number in [0, 1) that depends on exactly these texts."""
    digest = hashlib.sha256("\x00".join(parts).encode("utf-8", errors="surrogatepass")).digest()
    return int.from_bytes(digest[:6]) / 2**48


def _words(*parts: str) -> str:
    count = 3 + int(5 * _share(*parts))
    return " ".join(f"word{int(1000 * _share(*parts, str(n)))}" for n in range(count))
