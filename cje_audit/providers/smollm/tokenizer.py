"""Text to tokens and back, exact to the byte: a byte-level BPE built from the model file's own vocabulary."""

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

CONTROL = 3  # GGUF's token type of control tokens such as <|im_end|>


def byte_alphabet() -> dict[str, int]:
    """Return the byte-level alphabet: the printable stand-in of every byte (Radford et al. 2019, GPT-2's encoder).

    Examples
    --------
    >>> byte_alphabet()["A"], byte_alphabet()["Ġ"], len(byte_alphabet())
    (65, 32, 256)
    """
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(b): b for b in printable} | {chr(256 + i): b for i, b in enumerate(others)}


@dataclass(frozen=True, slots=True)
class Encoded:
    """Tokens of one text: `ids`, and `ends`, the byte offset in UTF-8 at which each token ends."""

    ids: tuple[int, ...]
    ends: tuple[int, ...]


class ModelTokenizer:
    """SmolLM2's tokenizer: single digits, then GPT-2's byte-level splitting, then byte-pair merges."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        tokens: list[str] = facts["tokenizer.ggml.tokens"]
        kinds: list[int] = facts["tokenizer.ggml.token_type"]
        merges = [tuple(merge.split(" ", 1)) for merge in facts["tokenizer.ggml.merges"]]
        self.control = frozenset(i for i, kind in enumerate(kinds) if kind == CONTROL)
        self.end_id = int(facts["tokenizer.ggml.eos_token_id"])
        self._bytes = _token_bytes(tokens, self.control)
        self._tokenizer = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=merges))
        self._tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        )
        self._tokenizer.add_special_tokens([AddedToken(tokens[i], normalized=False) for i in sorted(self.control)])

    def encode(self, text: str, *, special: bool) -> Encoded:
        """Tokenise; with `special`, control tokens written in the text are read as such, otherwise as plain text.

        Raises
        ------
        UnicodeEncodeError
            When the text cannot be written as UTF-8.
        ValueError
            When the tokens do not spell the text; no score may come from such a reading.
        """
        raw = text.encode("utf-8")
        self._tokenizer.encode_special_tokens = not special
        ids = tuple(self._tokenizer.encode(text, add_special_tokens=False).ids)
        if b"".join(self._bytes[i] for i in ids) != raw:
            raise ValueError("the tokens do not spell the text")
        ends, at = [], 0
        for i in ids:
            at += len(self._bytes[i])
            ends.append(at)
        return Encoded(ids, tuple(ends))

    def piece(self, token: int) -> bytes:
        """Return the bytes a token stands for."""
        return self._bytes[token]

    def id_of(self, text: str) -> int:
        """Return the first token of a text."""
        return self.encode(text, special=False).ids[0]

    def end_text(self) -> str:
        """Return the end token as text."""
        return self._bytes[self.end_id].decode("utf-8")

    def pieces(self, ids: Sequence[int]) -> tuple[str, ...]:
        """Return one string per token; together they are the text.

        A character spread over several tokens belongs to the one that completes it; the others are empty.
        Bytes that never become a character show as U+FFFD.
        """
        reader = codecs.getincrementaldecoder("utf-8")(errors="replace")
        last = len(ids) - 1
        return tuple(reader.decode(self._bytes[i], final=n == last) for n, i in enumerate(ids))


def _token_bytes(tokens: Sequence[str], control: frozenset[int]) -> list[bytes]:
    alphabet = byte_alphabet()
    return [
        token.encode("utf-8") if i in control else bytes(alphabet[char] for char in token)
        for i, token in enumerate(tokens)
    ]
