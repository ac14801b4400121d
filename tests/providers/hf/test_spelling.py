from types import SimpleNamespace

import pytest

pytest.importorskip("tokenizers", reason="the extra [embedded] is not installed")

from cje_audit.providers.hf.spelling import Spelling, pieces


def spelling(*tokens, added=()):
    """A vocabulary of these tokens, ids in order; the `added` ones are control tokens."""
    everything = [*tokens, *added]
    return Spelling(
        SimpleNamespace(
            added_tokens_decoder={len(tokens) + n: SimpleNamespace(content=t) for n, t in enumerate(added)},
            get_vocab=lambda: {t: i for i, t in enumerate(everything)},
            convert_ids_to_tokens=lambda ids: [everything[i] for i in ids],
        )
    )


def test_tokens_of_a_byte_level_vocabulary_are_bytes():
    known = spelling("Hi", "Ġyou", "Ã", "©", added=["<|end|>"])
    assert known.exactly([0, 1, 2, 3, 4], "Hi youé<|end|>") == [b"Hi", b" you", b"\xc3", b"\xa9", b"<|end|>"]
    assert known.exactly([0, 1], "Hi  you") is None
    assert known.text_of([0, 1, 2]) == "Hi you\ufffd"


def test_a_blank_that_sentencepiece_puts_in_front_is_not_the_texts():
    known = spelling("▁Hi", "▁you", "<0xC3>", "<0xA9>", "é")
    assert known.exactly([0, 1, 4], "Hi youé") == [b"Hi", b" you", b"\xc3\xa9"]
    assert known.exactly([0, 2, 3], " Hié") == [b" Hi", b"\xc3", b"\xa9"]
    assert known.exactly([1], "  you") is None


def test_pieces_join_to_the_text():
    parts = [b"a\xf0\x9f", b"\x98", b"\x80b", b"\xff"]
    assert pieces(parts) == ("a", "", "😀b", "\ufffd")
