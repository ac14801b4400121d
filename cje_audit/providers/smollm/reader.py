"""What a worker does with the model: write a response, score a given one, and say how likely each next token is.

Every text is read in two parts, split where the prompt begins, so that the policy's own head (its system prompt)
can be kept. The split depends on the texts alone, never on what is kept: kept or not, the numbers are the same bits.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cje_audit.domain.codes import FailureCode
from cje_audit.providers.rendering import Rendered
from cje_audit.providers.smollm.model import Array, Cache, LanguageModel
from cje_audit.providers.smollm.sampling import sample_token
from cje_audit.providers.smollm.tokenizer import Encoded, ModelTokenizer

HEADS_KEPT = 16


class ReadFailure(Exception):
    """The model cannot answer this request; `code` says why."""

    def __init__(self, code: FailureCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Scored:
    """A given response, token by token: text and log-probability in nats."""

    tokens: tuple[str, ...]
    token_logprobs: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A sampled response, with the tokens as sampled and their log-probabilities at temperature 1, in nats."""

    text: str
    finish_reason: str
    ids: tuple[int, ...]
    token_logprobs: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to write: temperature, nucleus, most tokens, and texts that end the response."""

    temperature: float
    top_p: float
    max_tokens: int
    stop: tuple[str, ...] = ()


class Reader:
    """One model with its tokenizer and the heads it has read lately."""

    def __init__(self, model: LanguageModel, tokenizer: ModelTokenizer) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self._heads: OrderedDict[tuple[int, ...], Cache] = OrderedDict()

    def score(self, rendered: Rendered, response: str, *, ended: bool) -> Scored:
        """Teacher-force a response: one reading of the whole text, cut at the byte where the response begins."""
        end = rendered.end if ended and rendered.end is not None else ""
        whole = self.encode(rendered.text + response + end, special=rendered.special)
        first = _boundary(whole, len(rendered.text.encode("utf-8")))
        states, _ = self._read(rendered, Encoded(whole.ids[:-1], whole.ends[:-1]), last_head=first - 1)
        asked = whole.ids[first:]
        values = self.model.token_log_probs(states[-len(asked) :], asked)
        return Scored(self.tokenizer.pieces(asked), tuple(float(v) for v in values))

    def write(self, rendered: Rendered, how: Sampling, generator: np.random.Generator) -> Written:
        """Sample a response until the model ends it, a stop text appears, or `max_tokens` are written."""
        before = self.encode(rendered.text, special=rendered.special)
        room = min(len(before.ids) + how.max_tokens, self.model.shape.context)
        states, cache = self._read(rendered, before, last_head=len(before.ids) - 1, room=room)
        ids: list[int] = []
        values: list[float] = []
        while len(before.ids) + len(ids) < room:
            log_probs = self.model.log_probs(states[-1:])[0]
            token = sample_token(
                log_probs, temperature=how.temperature, top_p=how.top_p, chance=float(generator.random())
            )
            if token in self.tokenizer.control:
                return self._written(ids, values, "stop")
            ids.append(token)
            values.append(float(log_probs[token]))
            if any(stop in self._text(ids) for stop in how.stop):
                return self._cut(ids, values, how.stop)
            if len(before.ids) + len(ids) < room:
                states = self.model.read([token], cache)
        return self._written(ids, values, "length")

    def next_log_probs(self, rendered: Rendered, texts: Sequence[str]) -> tuple[float, ...]:
        """Return the log-probability (nats) that each text's first token comes next."""
        before = self.encode(rendered.text, special=rendered.special)
        states, _ = self._read(rendered, before, last_head=len(before.ids) - 1)
        log_probs = self.model.log_probs(states[-1:])[0]
        return tuple(float(log_probs[self.tokenizer.id_of(text)]) for text in texts)

    def encode(self, text: str, *, special: bool) -> Encoded:
        """Tokenise a text that has at least one token and fits the model's context.

        Raises
        ------
        ReadFailure
            When it does not.
        """
        try:
            encoded = self.tokenizer.encode(text, special=special)
        except UnicodeEncodeError as error:
            raise ReadFailure(FailureCode.ENCODING, str(error)) from error
        except ValueError as error:
            raise ReadFailure(FailureCode.ECHO_MISMATCH, str(error)) from error
        context = self.model.shape.context
        if not encoded.ids:
            raise ReadFailure(FailureCode.BAD_REQUEST, "nothing comes before the response, so it has no first value")
        if len(encoded.ids) >= context:
            detail = f"{len(encoded.ids)} tokens, and the model reads at most {context}"
            raise ReadFailure(FailureCode.CONTEXT_OVERFLOW, detail)
        return encoded

    def _read(
        self, rendered: Rendered, encoded: Encoded, *, last_head: int, room: int | None = None
    ) -> tuple[Array, Cache]:
        """Read head (at most `last_head` tokens) and rest as two parts; return the rest's states and the cache."""
        room = room or len(encoded.ids)
        ends: NDArray[np.int64] = np.asarray(encoded.ends)
        n_head = int(np.count_nonzero(ends <= len(rendered.head.encode("utf-8"))))
        n_head = min(n_head, last_head)
        cache = self._head(encoded.ids[:n_head]).copy(room) if n_head else self.model.new_cache(room)
        return self.model.read(encoded.ids[n_head:], cache), cache

    def _head(self, ids: tuple[int, ...]) -> Cache:
        kept = self._heads.pop(ids, None)
        if kept is None:
            kept = self.model.new_cache(len(ids))
            self.model.read(ids, kept)
        self._heads[ids] = kept
        if len(self._heads) > HEADS_KEPT:
            self._heads.popitem(last=False)
        return kept

    def _text(self, ids: Sequence[int]) -> str:
        return b"".join(self.tokenizer.piece(i) for i in ids).decode("utf-8", errors="replace")

    def _written(self, ids: list[int], values: list[float], finish: str) -> Written:
        return Written(self._text(ids), finish, tuple(ids), tuple(values))

    def _cut(self, ids: list[int], values: list[float], stops: Sequence[str]) -> Written:
        text = self._text(ids)
        at = min(text.index(stop) for stop in stops if stop in text)
        return Written(text[:at], "stop", tuple(ids), tuple(values))


def _boundary(whole: Encoded, prefix_bytes: int) -> int:
    """Return the index of the first response token; a token across the boundary is a failure, never a guess."""
    before = [n for n, end in enumerate(whole.ends) if end <= prefix_bytes]
    first = len(before)
    if prefix_bytes and (not before or whole.ends[first - 1] != prefix_bytes):
        raise ReadFailure(FailureCode.TOKEN_BOUNDARY, "one token holds the prompt's end and the response's start")
    if first == 0:
        raise ReadFailure(FailureCode.BAD_REQUEST, "nothing comes before the response, so it has no first value")
    return first
