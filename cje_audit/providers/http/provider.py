"""One provider for every server behind HTTP; what differs between servers is its dialect."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from cje_audit.domain.codes import CODES, FailureCode
from cje_audit.domain.experiment import Judge
from cje_audit.domain.policy import Endpoint, Policy
from cje_audit.domain.results import JudgementResult, LogProbResult, ResponseResult
from cje_audit.providers.base import Answer, Exchange, Retry
from cje_audit.providers.http import alignment
from cje_audit.providers.http.address import check_address
from cje_audit.providers.http.classify import UNKNOWN_MODEL
from cje_audit.providers.http.client import HttpClient, Timeouts
from cje_audit.providers.http.completions import PATH as ECHO_PATH
from cje_audit.providers.http.dialect import Body, Dialect, Scoring, Wish, Written, key_variable
from cje_audit.providers.http.document import Document, dig, encode, read_document
from cje_audit.providers.http.fault import Fault, NoPromptLogprobs
from cje_audit.providers.http.key import Key
from cje_audit.providers.http.templates import ServerTemplate
from cje_audit.providers.http.wishes import judge_wish, policy_wish
from cje_audit.providers.judging import asked_of_judge, read_odds
from cje_audit.providers.rendering import Rendered, RenderError, extended, render

R = TypeVar("R", ResponseResult, LogProbResult, JudgementResult)
Failure = Callable[[FailureCode, str | None], R]
UNREADABLE = (LookupError, TypeError, ValueError, AttributeError)  # an answer of a shape no server should send
SOON = (" ", "\n", ".", "e")  # one of them comes within a few tokens of any text
LATER = (".", "\n")  # and one of these at the end of a sentence
ROWS_IN_A_ROW = 20  # after so many rows without prompt log-probs the server does not give any


class HttpProvider:
    """A model behind HTTP; implements `providers.base.Provider`.

    Log-probabilities are those the server gives at temperature 1, in nats, from one call per response.

    Raises
    ------
    ConfigError
        When base_url is missing or not allowed.
    """

    def __init__(self, dialect: Dialect, asked: Endpoint | Judge, timeouts: Timeouts | None = None) -> None:
        base = check_address(asked.base_url or dialect.default_url, dialect.name)
        self.name = dialect.name
        self.capabilities = dialect.capabilities
        self.scorer_version = f"{dialect.name} {dialect.version} alignment {alignment.VERSION}"
        self._dialect = dialect
        self._client = HttpClient(base, _key(dialect, asked), dialect.headers, timeouts or Timeouts())
        self._template = ServerTemplate(self._client)
        self._form = 0
        self._scored = False
        self._silent: set[int] = set()
        self._models: dict[str, str] = {}
        self._no_chat = False

    async def generate(self, policy: Policy, prompt: str, *, draw: int) -> Answer[ResponseResult]:
        """Have one response written; the seed that is sent depends on the policy's seed and `draw` alone."""
        try:
            wish = policy_wish(policy, prompt, draw, await self._written_prompt(policy, prompt))
        except (Fault, RenderError) as error:
            return _unasked(error, ResponseResult.failure)
        return await self._write(wish, _response, ResponseResult.failure)

    async def logprobs(self, policy: Policy, prompt: str, response: str, *, ended: bool) -> Answer[LogProbResult]:
        """Teacher-force `response` in one call, cut at the server's own tokens; `ended` scores the end token too."""
        if not response:
            return Answer(LogProbResult.failure(FailureCode.EMPTY_RESPONSE))
        if not self._dialect.scoring:
            return Answer(LogProbResult.failure(FailureCode.ECHO_UNSUPPORTED, self.capabilities.instead))
        try:
            rendered = await self._rendered(policy, prompt)
        except (Fault, RenderError) as error:
            return _unasked(error, LogProbResult.failure)
        return await self._score(policy.model, rendered, response, ended=ended)

    async def greedy(self, policy: Policy, prompt: str, *, most: int, begun: str = "") -> Answer[LogProbResult]:
        """Have the likeliest tokens written after the text that scoring sends, with the server's own log-probs."""
        way = self._dialect.text
        if way is None:
            return Answer(LogProbResult.failure(FailureCode.BAD_REQUEST, "this server takes chats only"))
        try:
            rendered = extended(await self._rendered(policy, prompt), begun)
        except (Fault, RenderError) as error:
            return _unasked(error, LogProbResult.failure)
        wish = Wish(model=policy.model, text=rendered.text, temperature=0.0, max_tokens=most, seed=1, top_logprobs=1)

        def read(document: Document) -> LogProbResult:
            written = way.read(document)
            pieces = _shown(written)
            if not pieces:
                return LogProbResult.failure(FailureCode.ECHO_UNSUPPORTED, "no log-probs of what is written")
            return LogProbResult.success(tuple(v for _, v in pieces), tuple(t for t, _ in pieces))

        return await self._ask(policy.model, way.path, way.body(wish), read, LogProbResult.failure)

    async def overrun(self, policy: Policy, prompt: str) -> int | None:
        """Ask for a text's scores and no token after it; stop texts keep a server short that writes without end."""
        form = next((form for form in self._dialect.scoring if form.path == ECHO_PATH), None)
        if form is None:
            return None
        try:
            text = (await self._rendered(policy, prompt)).text
            found = await self._overrun(form, policy.model, text, SOON)
            if found == 1:  # a server without a limit may have met a stop text in the first token
                found = await self._overrun(form, policy.model, text, LATER)
        except (Fault, RenderError):
            return None
        return 0 if found == 1 else found

    async def _overrun(self, form: Scoring, model: str, text: str, stop: tuple[str, ...]) -> int | None:
        body = form.body(model, text) | {"max_tokens": 0, "stop": list(stop)}
        document = read_document((await self._client.post(form.path, encode(body))).response)
        told, why = dig(document, "usage", "completion_tokens"), dig(document, "choices", 0, "finish_reason")
        if not isinstance(told, int):
            return None
        return 0 if told == 1 and why == "length" else told

    async def judge(
        self, judge: Judge, prompt: str, response: str, *, draw: int, other: str | None = None
    ) -> Answer[JudgementResult]:
        """Score a response by words (`score`), by the odds of Yes (`logprob`), or against `other` (`pairwise`).

        Where it is compared, the upper end of the scale means that it won, the lower that it lost, the middle a tie.
        """
        if judge.kind == "recorded" or (judge.kind == "pairwise") != (other is not None):
            detail = (
                f"a judge of kind {judge.kind} {'needs a second response' if other is None else 'takes one response'}"
            )
            return Answer(JudgementResult.failure(FailureCode.BAD_REQUEST, detail))
        asked = asked_of_judge(judge, prompt, response, draw=draw, other=other)

        def read(written: Written) -> JudgementResult:
            return read_odds(written.top, judge, written.text) if judge.kind == "logprob" else asked.read(written.text)

        return await self._write(judge_wish(judge, asked.text, draw), read, _judge_failure)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _rendered(self, policy: Policy, prompt: str) -> Rendered:
        chat = await self._template.read(policy.model) if policy.template == "chat" else None
        return render(policy, prompt, chat)

    async def _written_prompt(self, policy: Policy, prompt: str) -> Rendered | None:
        """Return the text to write after, or None where the server has to render the chat itself."""
        if self._dialect.text is None and policy.template in ("chat", "completion"):
            return None
        if policy.template == "chat" and await self._template.read(policy.model) is None:
            return None
        return await self._rendered(policy, prompt)

    async def _score(self, model: str, rendered: Rendered, response: str, *, ended: bool) -> Answer[LogProbResult]:
        end = rendered.end if ended and rendered.end else ""
        scored = response + end
        text = rendered.text + scored
        number = self._form
        form = self._dialect.scoring[number]

        def read(document: Document) -> LogProbResult:
            try:
                echo = form.read(document, text)
                result = alignment.align(echo, rendered.text, scored, ends_with_stop=bool(end))
                result = replace(result, before=rendered.text)
            except NoPromptLogprobs:
                self._form = self._form if self._scored else (number + 1) % len(self._dialect.scoring)
                raise
            self._scored = True
            self._silent.clear()
            return result

        return await self._ask(model, form.path, form.body(model, text), read, LogProbResult.failure)

    async def _write(self, wish: Wish, read: Callable[[Written], R], failure: Failure[R]) -> Answer[R]:
        way = self._dialect.text if wish.text or self._no_chat else self._dialect.chat
        way = way or self._dialect.chat

        def read_all(document: Document) -> R:
            return read(way.read(document))

        answer = await self._ask(wish.model, way.path, way.body(wish), read_all, failure)
        if way is self._dialect.chat and self._is_no_chat(answer):
            self._no_chat = True
            return await self._write(wish.as_text(), read, failure)
        return answer

    def _is_no_chat(self, answer: Answer[R]) -> bool:
        """Say whether the server has no chat at all, but may write after a text."""
        about_model = UNKNOWN_MODEL.search(answer.result.detail or "")
        missing = answer.result.code is FailureCode.NOT_FOUND and not about_model
        return missing and self._dialect.text is not None and not self._models

    async def _ask(
        self, model: str, path: str, body: Body, read: Callable[[Document], R], failure: Failure[R]
    ) -> Answer[R]:
        exchange = Exchange()
        try:
            exchange = await self._client.post(path, encode(body))
            document = read_document(exchange.response)
            self._check_model(model, document)
            result = read(document)
        except NoPromptLogprobs as fault:
            return self._without_logprobs(fault, exchange, failure)
        except Fault as fault:
            return _failed(fault, exchange, failure)
        except UNREADABLE as error:
            detail = f"the answer has an unforeseen shape: {type(error).__name__}: {error}"
            return _failed(Fault(FailureCode.BAD_RESPONSE, detail[:300]), exchange, failure)
        return Answer(result, exchange, Retry(again=result.code is not None and CODES[result.code].retryable))

    def _check_model(self, asked: str, document: Document) -> None:
        """Refuse an answer of another model than the first answer came from."""
        named = document.get("model")
        if not isinstance(named, str):
            return
        first = self._models.setdefault(asked, named)
        if first != named:
            raise Fault(FailureCode.MODEL_CHANGED, f"the server answered as {first} before, now as {named}")

    def _without_logprobs(self, fault: NoPromptLogprobs, exchange: Exchange, failure: Failure[R]) -> Answer[R]:
        """One such answer may be chance; twenty rows in a row say that the server gives no prompt log-probs."""
        self._silent.add(hash(exchange.request))
        enough = len(self._silent) >= ROWS_IN_A_ROW * len(self._dialect.scoring)
        code = FailureCode.ECHO_UNSUPPORTED if enough else fault.code
        return _failed(Fault(code, fault.detail), exchange, failure)


def _shown(written: Written) -> list[tuple[str, float]]:
    """Return the written tokens up to the first that is not part of the text, such as an end token."""
    kept: list[tuple[str, float]] = []
    for token, value in written.pieces:
        if not written.text.startswith("".join(t for t, _ in kept) + token):
            break
        kept.append((token, value))
    return kept


def _key(dialect: Dialect, asked: Endpoint | Judge) -> Key:
    return Key(key_variable(dialect, asked), dialect.key.header, dialect.key.prefix)


def _response(written: Written) -> ResponseResult:
    return ResponseResult.success(written.text, finish_reason=written.finish_reason, n_tokens=written.n_tokens)


def _judge_failure(code: FailureCode, detail: str | None) -> JudgementResult:
    """Name a judge's failure: one that refuses, or whose answer was filtered, has refused to judge."""
    refusals = (FailureCode.REFUSAL, FailureCode.CONTENT_FILTER)
    return JudgementResult.failure(FailureCode.JUDGE_REFUSAL if code in refusals else code, detail)


def _failed(fault: Fault, exchange: Exchange, failure: Failure[R]) -> Answer[R]:
    result = failure(fault.code, fault.detail)
    again = result.code is not None and CODES[result.code].retryable
    return Answer(result, fault.exchange or exchange, Retry(again=again, after_s=fault.after_s))


def _unasked(error: Fault | RenderError, failure: Failure[R]) -> Answer[R]:
    fault = error if isinstance(error, Fault) else Fault(FailureCode.BAD_REQUEST, str(error))
    return _failed(fault, Exchange(), failure)
