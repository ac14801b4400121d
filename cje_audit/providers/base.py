"""What every provider offers: generate, log-probabilities of a given response, and a judgement."""

from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar, runtime_checkable

from cje_audit.domain.experiment import Judge
from cje_audit.domain.policy import Policy
from cje_audit.domain.results import JudgementResult, LogProbResult, ResponseResult

R = TypeVar("R", ResponseResult, LogProbResult, JudgementResult)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do, as data. `instead` says what to use where it cannot score given text.

    `odds` says whether it tells the log-probs of what it writes, which a judge of kind `logprob` needs.
    """

    generate: bool
    logprobs: bool
    judge: bool
    instead: str | None = None
    odds: bool = True


@dataclass(frozen=True, slots=True)
class Exchange:
    """The raw request and response behind one answer, and how long it took in seconds."""

    request: bytes | None = None
    response: bytes | None = None
    http_status: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """Whether asking again can help; `after_s` is the server's own floor in seconds, if it named one."""

    again: bool = False
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Answer(Generic[R]):
    """One attempt's outcome: a typed result, the raw exchange, and the retry decision."""

    result: R
    exchange: Exchange = field(default_factory=Exchange)
    retry: Retry = field(default_factory=Retry)


class Provider(Protocol):
    """One way to reach models. No method raises for what a server does: that is a failure in the result.

    `scorer_version` is part of every answer's key: it changes when the same request may give another number.
    """

    name: str
    capabilities: Capabilities
    scorer_version: str

    async def generate(self, policy: Policy, prompt: str, *, draw: int) -> Answer[ResponseResult]:
        """Write one response; `draw` numbers independent responses to the same prompt."""
        ...

    async def logprobs(self, policy: Policy, prompt: str, response: str, *, ended: bool) -> Answer[LogProbResult]:
        """Teacher-force `response`: nats per token; `ended` says whether the end token is scored too."""
        ...

    async def judge(
        self, judge: Judge, prompt: str, response: str, *, draw: int, other: str | None = None
    ) -> Answer[JudgementResult]:
        """Score a response on the judge's declared scale; a judge of kind `pairwise` compares it with `other`."""
        ...

    async def aclose(self) -> None:
        """Let go of connections and threads."""
        ...


@runtime_checkable
class Tracing(Protocol):
    """A provider that can also say what it itself found likely while writing; only the preflight asks for that."""

    async def greedy(self, policy: Policy, prompt: str, *, most: int, begun: str = "") -> Answer[LogProbResult]:
        """Write up to `most` tokens at temperature 0, after a response that has `begun`; with their own log-probs."""
        ...


@runtime_checkable
class Overrunning(Protocol):
    """A provider whose server can be asked to score a text and write nothing after it."""

    async def overrun(self, policy: Policy, prompt: str) -> int | None:
        """Return how many tokens the server wrote although it was asked for none; None where it refused to say.

        One token and no more is none: such a server (vLLM counts so, llama.cpp writes so) keeps to a limit.
        """
        ...
