"""The provider `huggingface`: a model in this process through transformers, in batches, on a GPU when there is one."""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from typing import Any, TypeVar

from cje_audit.domain.codes import CODES, FailureCode
from cje_audit.domain.experiment import Judge
from cje_audit.domain.policy import Endpoint, Policy
from cje_audit.domain.results import JudgementResult, LogProbResult, ResponseResult
from cje_audit.providers.base import Answer, Capabilities, Exchange, Retry
from cje_audit.providers.judging import asked_of_judge, read_odds
from cje_audit.providers.rendering import Rendered, RenderError, extended, render, render_chat
from cje_audit.providers.smollm.sampling import seeded_generator

R = TypeVar("R", ResponseResult, LogProbResult, JudgementResult)
Raw = dict[str, Any]

CAPABILITIES = Capabilities(generate=True, logprobs=True, judge=True)
JUDGE_TOKENS = 512


class HuggingFaceProvider:
    """One local model; implements `providers.base.Provider`. `model` is a folder, a GGUF file or a name on the hub.

    Log-probabilities are at temperature 1, in nats, in the precision that `scorer_version` names. A batch's padding
    moves them by rounding only; the clone's noise says by how much.

    Raises
    ------
    ModelMissing
        When the extra `hf` is not installed, or there is no such model.
    """

    name = "huggingface"
    capabilities = CAPABILITIES

    def __init__(self, asked: Endpoint | Judge) -> None:
        from cje_audit.providers.hf import loading

        loading.require_packages()
        from cje_audit.providers.hf.batches import Batches
        from cje_audit.providers.hf.model import LocalModel, Reading, Writing

        device = loading.chosen_device()
        loaded = loading.load(asked.model or "", asked.revision, device, loading.chosen_dtype(device))
        self.scorer_version, self._chat = loaded.version, loaded.chat
        self._model = LocalModel(loaded)
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._scores: Batches[Reading, Any] = Batches(self._model.score, lambda r: len(r.ids), self._thread)
        self._texts: Batches[Writing, Any] = Batches(
            self._model.write, lambda w: len(w.ids) + w.how.max_tokens, self._thread
        )

    async def generate(self, policy: Policy, prompt: str, *, draw: int) -> Answer[ResponseResult]:
        """Sample one response; the same policy identity, prompt and draw give the same one on the same machine."""

        async def work() -> tuple[ResponseResult, Raw]:
            rendered = render(policy, prompt, self._chat)
            how = (policy.temperature, policy.top_p, policy.max_tokens, policy.stop)
            written = await self._write(rendered, how, seeded_generator(policy.identity_hash(), prompt, draw))
            result = ResponseResult.success(
                written.text, finish_reason=written.finish_reason, n_tokens=len(written.ids)
            )
            return result, asdict(written) | {"asked": rendered.text}

        return await self._answer({"op": "generate", "prompt": prompt, "draw": draw}, work, ResponseResult.failure)

    async def logprobs(self, policy: Policy, prompt: str, response: str, *, ended: bool) -> Answer[LogProbResult]:
        """Teacher-force `response`; with `ended`, the end token too where the template has one."""
        if not response:
            return Answer(LogProbResult.failure(FailureCode.EMPTY_RESPONSE))

        async def work() -> tuple[LogProbResult, Raw]:
            rendered = render(policy, prompt, self._chat)
            reading = self._model.read(rendered, response, ended=ended)
            scored = await self._scores.ask(reading)
            result = LogProbResult.success(
                scored.token_logprobs, scored.tokens, ends_with_stop=ended and rendered.end is not None
            )
            return replace(result, before=rendered.text), asdict(scored) | {"asked": rendered.text}

        request = {"op": "logprobs", "prompt": prompt, "response": response, "ended": ended}
        return await self._answer(request, work, LogProbResult.failure)

    async def greedy(self, policy: Policy, prompt: str, *, most: int, begun: str = "") -> Answer[LogProbResult]:
        """Write the likeliest tokens, with the log-probs they had while they were written."""

        async def work() -> tuple[LogProbResult, Raw]:
            rendered = extended(render(policy, prompt, self._chat), begun)
            written = await self._write(rendered, (0.0, 1.0, most, ()), seeded_generator("greedy", prompt, 0))
            tokens = tuple(self._model.spelling.text_of([token]) for token in written.ids)
            return LogProbResult.success(tuple(written.token_logprobs), tokens), asdict(written)

        return await self._answer({"op": "greedy", "prompt": prompt, "begun": begun}, work, LogProbResult.failure)

    async def judge(
        self, judge: Judge, prompt: str, response: str, *, draw: int, other: str | None = None
    ) -> Answer[JudgementResult]:
        """Score `response` by P(Yes) against P(No) (`logprob`), or by the words of a reply (`score`, `pairwise`)."""
        if judge.kind == "recorded" or (judge.kind == "pairwise") != (other is not None):
            return Answer(JudgementResult.failure(FailureCode.BAD_REQUEST, f"no judge of kind {judge.kind} here"))
        asked = asked_of_judge(judge, prompt, response, draw=draw, other=other)

        async def work() -> tuple[JudgementResult, Raw]:
            rendered = self._asked(asked.text)
            if judge.kind == "logprob":
                top = await self._odds(rendered)
                return read_odds(top, judge, ""), {"top": top}
            text = await self._said(rendered, judge, draw)
            return asked.read(text), {"text": text}

        return await self._answer({"op": "judge", "asked": asked.text, "draw": draw}, work, JudgementResult.failure)

    async def aclose(self) -> None:
        """End the thread; the model stays loaded for whoever asks next."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _asked(self, text: str) -> Rendered:
        """Return a question as the model's chat, or as plain text where it has none."""
        if self._chat is None:
            return Rendered(f"{text}\n\n", "", None, special=False)
        return render_chat(None, text, self._chat)

    async def _said(self, rendered: Rendered, judge: Judge, draw: int) -> str:
        how = (0.0 if judge.draws == 1 else 1.0, 1.0, JUDGE_TOKENS, ())
        written = await self._write(rendered, how, seeded_generator("judge", rendered.text, draw))
        return str(written.text)

    async def _odds(self, rendered: Rendered) -> dict[str, float]:
        ids, _ = self._model.encode(rendered.text, special=rendered.special)
        loop = asyncio.get_running_loop()
        yes, no = await loop.run_in_executor(self._thread, self._model.next_log_probs, ids, ("yes", "no"))
        return _one_each("Yes", yes) | _one_each("No", no)

    async def _write(self, rendered: Rendered, how: tuple[float, float, int, tuple[str, ...]], chances: Any) -> Any:
        from cje_audit.providers.hf.model import Writing
        from cje_audit.providers.smollm.reader import Sampling

        ids, _ = self._model.encode(rendered.text, special=rendered.special)
        return await self._texts.ask(Writing(ids, Sampling(*how), chances))

    async def _answer(
        self,
        request: Raw,
        work: Callable[[], Coroutine[Any, Any, tuple[R, Raw]]],
        failure: Callable[[FailureCode, str | None], R],
    ) -> Answer[R]:
        from cje_audit.providers.smollm.reader import ReadFailure

        start = time.perf_counter()
        raw: Raw = {}
        try:
            result, raw = await work()
        except ReadFailure as error:
            result = failure(error.code, error.detail)
        except RenderError as error:
            result = failure(FailureCode.BAD_REQUEST, str(error))
        except Exception as error:  # what torch raises is a failure of this request, not of the run
            result = failure(FailureCode.SERVER_ERROR, f"{type(error).__name__}: {error}"[:300])
        exchange = Exchange(_bytes(request), _bytes(raw), None, time.perf_counter() - start)
        return Answer(result, exchange, Retry(again=result.code is not None and CODES[result.code].retryable))


def _one_each(word: str, found: dict[str, float]) -> dict[str, float]:
    """Name every spelling of a word so that it reads as that word."""
    return {word + " " * n: value for n, value in enumerate(found.values())}


def _bytes(document: Raw) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode("utf-8", errors="backslashreplace")
