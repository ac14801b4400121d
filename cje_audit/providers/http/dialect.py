"""What differs between servers, as data: addresses, the shape of requests and answers, and what cannot be had."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cje_audit.domain.experiment import Judge
from cje_audit.domain.policy import Endpoint
from cje_audit.providers.base import Capabilities
from cje_audit.providers.http.alignment import Echo
from cje_audit.providers.http.document import Document
from cje_audit.providers.http.key import Key

Body = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a model is to write: either after `text`, or as the next turn of `messages` (role, content).

    `top_logprobs` asks for that many most likely first tokens.
    """

    model: str
    text: str = ""
    messages: tuple[tuple[str, str], ...] = ()
    temperature: float
    top_p: float = 1.0
    max_tokens: int
    stop: tuple[str, ...] = ()
    seed: int
    top_logprobs: int | None = None

    def as_text(self) -> "Wish":
        """Return the same wish as a text to write after, for servers without chat."""
        return replace(self, text="\n\n".join(content for _, content in self.messages) + "\n\n", messages=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a model wrote; `top` has the most likely first tokens with their log-probabilities (nats), where asked.

    `pieces` has every written token with its own log-probability, where the server tells them.
    """

    text: str
    finish_reason: str | None
    n_tokens: int | None = None
    top: Mapping[str, float] = field(default_factory=dict)
    pieces: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Writing:
    """One way to have text written: where to, how to ask, how to read."""

    path: str
    body: Callable[[Wish], Body]
    read: Callable[[Document], Written]


@dataclass(frozen=True, slots=True)
class Scoring:
    """One way to have given text scored, in one call: `body(model, text)` asks, `read(answer, text)` reads."""

    name: str
    path: str
    body: Callable[[str, str], Body]
    read: Callable[[Document, str], Echo]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One kind of server. Of several `scoring` forms the next is tried where one brings no prompt log-probs."""

    name: str
    capabilities: Capabilities
    chat: Writing
    text: Writing | None = None
    scoring: tuple[Scoring, ...] = ()
    default_url: str | None = None
    key: Key = field(default_factory=Key)
    headers: Mapping[str, str] = field(default_factory=dict)
    version: str = "1"


def key_variable(dialect: Dialect, asked: Endpoint | Judge) -> str | None:
    """Return the environment variable that holds the key; a provider's usual one counts only for its own address."""
    own = asked.base_url is None or asked.base_url.rstrip("/") == dialect.default_url
    return asked.api_key_env or (dialect.key.env if own else None)
