"""Writing after a plain text, with log-probs of the text itself: what a server of OpenAI's API has to offer.

The whole text is read as one part, so a value may differ from the `embedded` provider's own by float32 rounding.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cje_audit.providers.smollm.model import Array, Cache, Floats
from cje_audit.providers.smollm.reader import Reader
from cje_audit.providers.smollm.sampling import sample_token, seeded_generator
from cje_audit.providers.smollm.tokenizer import ModelTokenizer


@dataclass(frozen=True, slots=True)
class Completion:
    """What is asked. `echo` asks for log-probs of the text too, `top` for so many most likely first tokens."""

    max_tokens: int = 16
    temperature: float = 1.0
    top_p: float = 1.0
    stop: Sequence[str] = ()
    seed: int = 1
    echo: bool = False
    top: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written: its tokens with their log-probs (nats, at temperature 1), and why it ended."""

    text: str
    tokens: tuple[str, ...]
    token_logprobs: tuple[float, ...]
    finish_reason: str
    top: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """The text's own tokens and log-probs where asked (nats; null for the first), how many it has, what was written."""

    tokens: tuple[str, ...]
    token_logprobs: tuple[float | None, ...]
    n_read: int
    written: Written


def complete(reader: Reader, text: str, how: Completion) -> Completed:
    """Read a text and write after it; control tokens written in the text are read as such.

    Raises
    ------
    ReadFailure
        When the text is empty, is not valid, or does not fit.
    """
    ids = reader.encode(text, special=True).ids
    room = min(len(ids) + how.max_tokens, reader.model.shape.context)
    cache = reader.model.new_cache(room)
    states = reader.model.read(ids, cache)
    tokens = reader.tokenizer.pieces(ids) if how.echo else ()
    values = tuple(float(v) for v in reader.model.token_log_probs(states[:-1], ids[1:])) if how.echo else ()
    chances = seeded_generator("completion", how.seed, text)
    written = _write(reader, states[-1:], cache, room - len(ids), how, chances)
    return Completed(
        tokens=tokens, token_logprobs=(None, *values) if how.echo else (), n_read=len(ids), written=written
    )


def _write(
    reader: Reader, state: Array, cache: Cache, most: int, how: Completion, chances: np.random.Generator
) -> Written:
    """Sample up to `most` tokens after `state`."""
    ids: list[int] = []
    values: list[float] = []
    top: Mapping[str, float] = {}
    finish = "length"
    while len(ids) < most:
        log_probs = reader.model.log_probs(state)[0]
        if not ids and how.top is not None:
            top = _most_likely(reader.tokenizer, log_probs, how.top)
        chance = float(chances.random())
        token = sample_token(log_probs, temperature=how.temperature, top_p=how.top_p, chance=chance)
        if token in reader.tokenizer.control:
            finish = "stop"
            break
        ids.append(token)
        values.append(float(log_probs[token]))
        if any(stop in "".join(reader.tokenizer.pieces(ids)) for stop in how.stop):
            finish = "stop"
            break
        if len(ids) < most:
            state = reader.model.read([token], cache)
    pieces = reader.tokenizer.pieces(ids)
    text = _cut("".join(pieces), how.stop)
    return Written(text=text, tokens=pieces, token_logprobs=tuple(values), finish_reason=finish, top=top)


def _cut(text: str, stops: Sequence[str]) -> str:
    places = [text.index(stop) for stop in stops if stop in text]
    return text[: min(places)] if places else text


def _most_likely(tokenizer: ModelTokenizer, log_probs: Floats, count: int) -> dict[str, float]:
    """Return the most likely tokens by their text; of two that look alike, the likelier."""
    order = np.argsort(-log_probs, kind="stable")[:count]
    pairs = [(tokenizer.piece(int(i)).decode("utf-8", errors="replace"), float(log_probs[i])) for i in order]
    return dict(reversed(pairs))
