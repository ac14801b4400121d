"""The bytes behind every token of a tokenizer, so that a reading is believed only where it spells the text."""

import codecs
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cje_audit.providers.smollm.tokenizer import byte_alphabet

WORD = "\u2581"  # how sentencepiece writes a blank
Reading = Callable[[str], bytes | None]


class Spelling:
    """Spells token ids as bytes: byte-level vocabularies (GPT-2's alphabet), and sentencepiece's with byte tokens."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._added = {i: token.content.encode("utf-8") for i, token in tokenizer.added_tokens_decoder.items()}
        self._alphabet = byte_alphabet()
        readings: list[Reading] = [self._byte_level, sentencepiece]
        self._readings = readings[::-1] if any(WORD in token for token in tokenizer.get_vocab()) else readings

    def exactly(self, ids: Sequence[int], text: str) -> list[bytes] | None:
        """Return the bytes of each token when, joined, they are the text; None when they are not.

        Sentencepiece may put one blank in front of a text, which is not counted.
        """
        raw = text.encode("utf-8")
        for whole in self._read(ids):
            if b"".join(whole) == raw:
                return whole
            if whole and b"".join(whole) == b" " + raw and whole[0][:1] == b" ":
                return [whole[0][1:], *whole[1:]]
        return None

    def text_of(self, ids: Sequence[int]) -> str:
        """Return written tokens as text; bytes that never become a character show as U+FFFD."""
        return b"".join(next(self._read(ids))).decode("utf-8", errors="replace")

    def _read(self, ids: Sequence[int]) -> Iterator[list[bytes]]:
        """Give the bytes of tokens by every reading that fits them all, the likelier first."""
        tokens = self._tokenizer.convert_ids_to_tokens(list(ids))
        for reading in self._readings:
            parts = [self._added[i] if i in self._added else reading(t) for i, t in zip(ids, tokens, strict=True)]
            whole = [part for part in parts if part is not None]
            if len(whole) == len(parts):
                yield whole

    def _byte_level(self, token: str) -> bytes | None:
        if any(char not in self._alphabet for char in token):
            return None
        return bytes(self._alphabet[char] for char in token)


def sentencepiece(token: str) -> bytes | None:
    r"""Read a token as sentencepiece writes it.

    Examples
    --------
    >>> sentencepiece("\u2581Hi"), sentencepiece("<0xE2>"), sentencepiece("é")
    (b' Hi', b'\xe2', b'\xc3\xa9')
    """
    if len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
        return bytes.fromhex(token[3:5])
    return token.replace(WORD, " ").encode("utf-8")


def pieces(parts: Sequence[bytes]) -> tuple[str, ...]:
    r"""Return one text per token; a character spread over several belongs to the token that completes it.

    Examples
    --------
    >>> pieces([b"a\xc3", b"\xa9", b"!"])
    ('a', 'é', '!')
    """
    reader, last = codecs.getincrementaldecoder("utf-8")(errors="replace"), len(parts) - 1
    return tuple(reader.decode(part, final=n == last) for n, part in enumerate(parts))
