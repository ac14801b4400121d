"""Scores and writes many texts at once with one model; the same code on a CPU and on a GPU."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cje_audit.domain.codes import FailureCode
from cje_audit.providers.hf.loading import Loaded
from cje_audit.providers.hf.spelling import Spelling, pieces
from cje_audit.providers.rendering import Rendered
from cje_audit.providers.smollm.reader import ReadFailure, Sampling, Scored, Written
from cje_audit.providers.smollm.sampling import sample_token


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as tokens, cut where the response begins."""

    ids: tuple[int, ...]
    parts: tuple[bytes, ...]
    first: int


@dataclass(frozen=True, slots=True)
class Writing:
    """A text to write after, how, and the numbers in [0, 1) that choose."""

    ids: tuple[int, ...]
    how: Sampling
    chances: np.random.Generator


class LocalModel:
    """One loaded model; for one thread at a time."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.spelling = Spelling(loaded.tokenizer)
        self._words: dict[str, list[int]] = {}

    def read(self, rendered: Rendered, response: str, *, ended: bool) -> Reading:
        """Tokenise prompt and response as one text, and cut it at the byte where the response begins.

        Raises
        ------
        ReadFailure
            Where that is not possible exactly.
        """
        end = rendered.end if ended and rendered.end is not None else ""
        ids, parts = self.encode(rendered.text + response + end, special=rendered.special)
        first = _boundary(parts, len(rendered.text.encode("utf-8")))
        return Reading(ids, parts, first)

    def encode(self, text: str, *, special: bool) -> tuple[tuple[int, ...], tuple[bytes, ...]]:
        """Return a text's tokens and their bytes.

        Raises
        ------
        ReadFailure
            `encoding`, `echo_mismatch` or `context_overflow`.
        """
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ReadFailure(FailureCode.ENCODING, str(error)) from error
        asked = self.loaded.tokenizer(text, add_special_tokens=False, split_special_tokens=not special, verbose=False)
        ids = tuple(asked["input_ids"])
        if not ids:
            raise ReadFailure(FailureCode.BAD_REQUEST, "nothing comes before the response, so it has no first value")
        parts = self.spelling.exactly(ids, text)
        if parts is None:
            raise ReadFailure(FailureCode.ECHO_MISMATCH, "the tokens do not spell the text")
        if self.loaded.context is not None and len(ids) > self.loaded.context:
            detail = f"{len(ids)} tokens, and the model reads at most {self.loaded.context}"
            raise ReadFailure(FailureCode.CONTEXT_OVERFLOW, detail)
        return ids, tuple(parts)

    def score(self, readings: Sequence[Reading]) -> list[Scored]:
        """Teacher-force responses in one pass: nats per token at temperature 1."""
        import torch

        low = min(r.first for r in readings) - 1
        ids, mask = self._padded([r.ids for r in readings], left=False)
        keep = torch.arange(low, ids.shape[1] - 1, device=ids.device)
        with torch.inference_mode():
            logits = self.loaded.model(input_ids=ids, attention_mask=mask, use_cache=False, logits_to_keep=keep).logits
            found = [
                self._values(logits[n, r.first - 1 - low : len(r.ids) - 1 - low], r) for n, r in enumerate(readings)
            ]
        return [Scored(pieces(r.parts[r.first :]), v) for r, v in zip(readings, found, strict=True)]

    def _values(self, logits: Any, reading: Reading) -> tuple[float, ...]:
        import torch

        asked = torch.tensor(reading.ids[reading.first :], device=logits.device)
        values = torch.log_softmax(logits.float(), dim=-1).gather(1, asked[:, None])[:, 0]
        return tuple(map(float, values.cpu()))

    def write(self, writings: Sequence[Writing]) -> list[Written]:
        """Have responses written, each by its own chances, until it ends, a stop text appears, or it is long enough."""
        import torch
        from transformers import GenerationConfig, LogitsProcessorList

        ids, mask = self._padded([w.ids for w in writings], left=True)
        rows = [_Row(w, self._room(w), self.loaded.stop_ids, self.spelling) for w in writings]
        most = max(row.room for row in rows)
        if most > 0:
            end = min(self.loaded.stop_ids)
            config = GenerationConfig(do_sample=False, max_new_tokens=most, eos_token_id=end, pad_token_id=end)
            with torch.inference_mode():
                self.loaded.model.generate(
                    input_ids=ids,
                    attention_mask=mask,
                    generation_config=config,
                    logits_processor=LogitsProcessorList([_Chooser(rows, end)]),
                )
        return [row.written() for row in rows]

    def next_log_probs(self, ids: Sequence[int], words: Sequence[str]) -> list[dict[str, float]]:
        """Return, per word, the log-probability (nats) of every way to begin the answer with it."""
        import torch

        tokens, mask = self._padded([ids], left=False)
        with torch.inference_mode():
            logits = self.loaded.model(input_ids=tokens, attention_mask=mask, use_cache=False).logits[0, -1]
            values = torch.log_softmax(logits.float(), dim=-1).cpu()
        return [{f"{word}/{i}": float(values[i]) for i in self._spelled(word)} for word in words]

    def _spelled(self, word: str) -> list[int]:
        """Return the tokens that are this word, whatever blanks stand around it and however it is capitalised."""
        if word not in self._words:
            marks = {"\u2581": " ", "\u0120": " ", "\u010a": "\n"}  # blanks and line breaks in vocabularies
            vocabulary = self.loaded.tokenizer.get_vocab().items()
            self._words[word] = [
                i for t, i in vocabulary if "".join(marks.get(c, c) for c in t).strip().lower() == word.lower()
            ]
        return self._words[word]

    def _room(self, writing: Writing) -> int:
        context = self.loaded.context
        wanted = writing.how.max_tokens
        return wanted if context is None else max(min(wanted, context - len(writing.ids)), 0)

    def _padded(self, rows: Sequence[Sequence[int]], *, left: bool) -> tuple[Any, Any]:
        import torch

        longest = max(map(len, rows))
        fill = [[0] * (longest - len(row)) for row in rows]
        ids = [[*f, *row] if left else [*row, *f] for f, row in zip(fill, rows, strict=True)]
        ones = [[1] * len(row) for row in rows]
        mask = [[*f, *one] if left else [*one, *f] for f, one in zip(fill, ones, strict=True)]
        return torch.tensor(ids, device=self.loaded.device), torch.tensor(mask, device=self.loaded.device)


class _Row:
    """One response on its way."""

    def __init__(self, writing: Writing, room: int, stop_ids: frozenset[int], spelling: Spelling) -> None:
        self.how, self.room, self._chances = writing.how, room, writing.chances
        self._stop_ids, self._spelling = stop_ids, spelling
        self._ids: list[int] = []
        self._values: list[float] = []
        self._finish = "length"
        self.done = room == 0

    def choose(self, log_probs: np.ndarray[Any, Any]) -> int:
        """Choose the next token; the row may be done with it."""
        chance = float(self._chances.random())
        token = sample_token(log_probs, temperature=self.how.temperature, top_p=self.how.top_p, chance=chance)
        if token in self._stop_ids:
            self._finish, self.done = "stop", True
            return token
        self._ids.append(token)
        self._values.append(float(log_probs[token]))
        if any(stop in self._text() for stop in self.how.stop):
            self._finish, self.done = "stop", True
        self.done = self.done or len(self._ids) >= self.room
        return token

    def written(self) -> Written:
        """Return what was written, cut at the first stop text."""
        text = self._text()
        cuts = [text.index(stop) for stop in self.how.stop if stop in text]
        return Written(text[: min(cuts)] if cuts else text, self._finish, tuple(self._ids), tuple(self._values))

    def _text(self) -> str:
        return self._spelling.text_of(self._ids)


class _Chooser:
    """Stands where transformers lets logits be changed: leaves the one token that a row has chosen."""

    def __init__(self, rows: Sequence[_Row], end: int) -> None:
        self._rows, self._end = rows, end

    def __call__(self, _: Any, scores: Any) -> Any:
        import torch

        log_probs = torch.log_softmax(scores.float(), dim=-1).double().cpu().numpy()
        chosen = [self._end if row.done else row.choose(log_probs[n]) for n, row in enumerate(self._rows)]
        only = torch.full_like(scores, float("-inf"))
        only[torch.arange(len(chosen), device=scores.device), torch.tensor(chosen, device=scores.device)] = 0.0
        return only


def _boundary(parts: Sequence[bytes], prefix: int) -> int:
    """Return the index of the first response token; a token across the boundary is a failure, never a guess."""
    at = 0
    for n, part in enumerate(parts):
        if at == prefix and (n or prefix):
            return n
        if at > prefix:
            break
        at += len(part)
    if not prefix:
        raise ReadFailure(FailureCode.BAD_REQUEST, "nothing comes before the response, so it has no first value")
    raise ReadFailure(FailureCode.TOKEN_BOUNDARY, "one token holds the prompt's end and the response's start")
