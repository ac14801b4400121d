"""The automaton over bytes: long texts in many pieces stay fast, and every shown form spells the same text."""

import time

import pytest

from cje_audit.providers.http.spelling import spell
from tests.faults import truth
from tests.faults.answers import _shown

TEXT = "Zoë says: 你好 😀😀 — naïve\r\n" * 300


@pytest.mark.parametrize("shown", ["fffd", "bytes", "empty"])
def test_a_long_text_in_byte_tokens(shown: str) -> None:
    parts = truth.pieces("Hi\n\n" + TEXT, split=True)
    began = time.perf_counter()
    found = spell(_shown(parts, shown), "Hi\n\n", "Hi\n\n" + TEXT)
    assert found is not None and (found.first, found.n) == (2, len(parts))
    assert time.perf_counter() - began < 2


def test_a_literal_replacement_character_is_a_character() -> None:
    found = spell(["a", "\ufffd", "b"], "a", "a\ufffdb")
    assert found is not None and (found.first, found.exact) == (1, True)


def test_tokens_that_do_not_spell_the_text() -> None:
    assert spell(["a", "\ufffd", "c"], "a", "a😀b") is None
    assert spell(["a", "bytes:\\xf0\\x9f", "b"], "a", "a😀b") is None
