"""Echoes whose truth is known, and echoes that must give no number."""

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.results import LogProbResult
from cje_audit.providers.http.alignment import UNITS, Echo, align
from cje_audit.providers.http.fault import Fault, NoPromptLogprobs

BEFORE, RESPONSE = "Grüße 😀\n\n", " ja, 你好\r\n👩‍👩‍👧 ok"
TOKENS = ["Grüße", " 😀", "\n\n", " ja", ",", " 你好", "\r\n", "👩‍👩‍👧", " ok"]
VALUES = [None, -1.0, -0.5, -0.25, -0.125, -2.0, -3.0, -0.75, -0.0625]
TRUTH = math.fsum(v for v in VALUES[3:] if v)


def starts(tokens: list[str], width: Any) -> list[int]:
    return [sum(map(width, tokens[:i])) for i in range(len(tokens))]


def echo(tokens: list[Any] | None = None, values: list[Any] | None = None, offsets: Any = None, most: int = 1) -> Echo:
    return Echo(TOKENS if tokens is None else tokens, VALUES if values is None else values, offsets, most)


def aligned(given: Echo, before: str = BEFORE, response: str = RESPONSE) -> LogProbResult:
    return align(given, before, response)


def code(given: Echo, before: str = BEFORE, response: str = RESPONSE) -> FailureCode | None:
    try:
        return align(given, before, response).code
    except Fault as fault:
        return fault.code


@pytest.mark.parametrize("width", UNITS)
@pytest.mark.parametrize("tail", [[], [" end"]])
def test_offsets_in_any_unit(width: Any, tail: list[str]) -> None:
    tokens = TOKENS + tail
    result = aligned(echo(tokens, [*VALUES, *[-9.0] * len(tail)], starts(tokens, width)))
    assert result.unwrap() == TRUTH and result.tokens == tuple(TOKENS[3:])


def test_without_offsets_and_with_a_servers_placeholder_for_them() -> None:
    assert aligned(echo()).unwrap() == aligned(echo(offsets=[-1] * len(TOKENS))).unwrap() == TRUTH


def test_a_beginning_of_text_token_in_front() -> None:
    tokens, values = ["<s>", *TOKENS], [None, -4.0, *VALUES[1:]]
    assert aligned(echo(tokens, values)).unwrap() == TRUTH
    assert aligned(echo(tokens, values, [0, *(3 + at for at in starts(TOKENS, len))])).unwrap() == TRUTH
    assert aligned(echo(tokens, values, [0, *starts(TOKENS, len)])).unwrap() == TRUTH


def test_an_empty_prompt_needs_a_token_in_front() -> None:
    assert aligned(echo(["<s>", "Hi", "!"], [None, -1.0, -0.5]), "", "Hi!").unwrap() == -1.5
    assert code(echo(["Hi", "!"], [None, -0.5]), "", "Hi!") is FailureCode.BAD_REQUEST


def test_a_doubled_beginning_of_text_token_is_not_what_was_sent() -> None:
    tokens, values = ["<s>", "<s>", "Hi", " yes"], [None, -1.0, -2.0, -0.5]
    assert code(echo(tokens, values), "<s>Hi", " yes") is FailureCode.ECHO_MISMATCH


SPLIT = {
    "fffd": ["a", "\n\n", "\ufffd", "\ufffd", "\ufffd", " b"],
    "bytes": ["a", "\n\n", "bytes:\\xf0\\x9f", "bytes:\\x98", "bytes:\\x80", " b"],
    "empty": ["a", "\n\n", "", "", "😀", " b"],
}


@pytest.mark.parametrize("shown", SPLIT)
def test_tokens_with_part_of_a_character(shown: str) -> None:
    values = [None, -1.0, -0.5, -0.25, -0.125, -2.0]
    result = aligned(echo(SPLIT[shown], values), "a\n\n", "😀 b")
    assert result.unwrap() == -2.875 and len(result.tokens) == 4


@pytest.mark.parametrize("shown", SPLIT)
def test_a_boundary_between_parts_of_characters_is_never_guessed(shown: str) -> None:
    double = [t for t in SPLIT[shown][2:5] for _ in (0,)] * 2
    values = [None, *[-1.0 - i / 8 for i in range(len(double))]]
    outcome = code(echo(["a", *double], values), "a😀", "😀")
    assert outcome is (FailureCode.TOKEN_BOUNDARY if shown == "fffd" else None)


def test_a_token_across_the_boundary() -> None:
    tokens = ["Grüße", " 😀", "\n\n ", "ja", *TOKENS[4:]]
    assert code(echo(tokens)) is FailureCode.TOKEN_BOUNDARY


def test_an_echo_that_was_ignored() -> None:
    with pytest.raises(NoPromptLogprobs):
        aligned(echo([" next"], [-0.5]))
    with pytest.raises(NoPromptLogprobs):
        aligned(echo([], []))
    with pytest.raises(NoPromptLogprobs):
        aligned(echo(values=[None] * len(TOKENS)))


WRONG_ECHOES = {
    "short": echo(TOKENS[:-1], VALUES[:-1]),
    "cut at the left": echo(TOKENS[2:], [None, *VALUES[3:]]),
    "another text": echo([*TOKENS[:-1], " OK"]),
    "longer last token": echo([*TOKENS[:-1], " okay"]),
    "too long a tail": echo([*TOKENS, " x", " y"], [*VALUES, -1.0, -1.0]),
    "shifted, first is a number": echo(values=[*VALUES[1:], -1.0]),
    "shifted, two nulls": echo(values=[None, *VALUES[:-1]]),
    "fewer values": echo(values=VALUES[:-1]),
    "fewer offsets": echo(offsets=[0]),
    "offsets by one": echo(offsets=[at + 1 for at in starts(TOKENS, len)]),
    "offsets of the next token": echo(offsets=[*starts(TOKENS, len)[1:], 99]),
    "offsets that are no numbers": echo(offsets=["0"] * len(TOKENS)),
}


@pytest.mark.parametrize("name", WRONG_ECHOES)
def test_a_wrong_echo_is_a_mismatch(name: str) -> None:
    assert code(WRONG_ECHOES[name]) is FailureCode.ECHO_MISMATCH


BAD_VALUES = {
    "positive": (0.5, "positive_logprob"),
    "nan": (math.nan, "non_finite"),
    "minus infinity": (-math.inf, "non_finite"),
    "nan as text": ("NaN", "non_finite"),
    "text": ("-1.0", "bad_response"),
    "true": (True, "bad_response"),
    "null": (None, "bad_response"),
    "clamp": (-9999.0, "sentinel"),
    "fallback": (-100.0, "sentinel"),
}


@pytest.mark.parametrize("name", BAD_VALUES)
def test_a_bad_value_in_the_response_is_its_code(name: str) -> None:
    value, expected = BAD_VALUES[name]
    assert str(code(echo(values=[*VALUES[:-2], value, -1.0]))) == expected


def test_constants_on_enough_tokens_are_no_measurement() -> None:
    n = len(TOKENS)
    assert code(echo(values=[None, *[0.0] * (n - 1)])) is FailureCode.ZERO_ON_TEXT
    assert code(echo(values=[None, -1.0, -2.0, *[0.0] * (n - 3)])) is FailureCode.ZERO_ON_TEXT
    assert code(echo(values=[None, -1.0, -2.0, *[-0.7] * (n - 3)])) is FailureCode.SENTINEL


def test_a_short_certain_answer_may_be_zero() -> None:
    assert aligned(echo(["a", " b", " c"], [None, -1.0, 0.0]), "a b", " c").unwrap() == 0.0


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@given(st.lists(texts, min_size=2, max_size=20), st.data())
def test_any_tokenisation_of_any_text(tokens: list[str], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(tokens) - 1))
    width = data.draw(st.sampled_from(UNITS))
    values = [None, *(-(i + 1) / 64 for i in range(1, len(tokens)))]
    result = align(Echo(tokens, values, starts(tokens, width), 1), "".join(tokens[:cut]), "".join(tokens[cut:]))
    assert result.token_logprobs == tuple(values[cut:])


def test_a_token_that_may_begin_elsewhere_is_no_boundary() -> None:
    raw = "0\U000100000000\x80\x80\U00010000\x80".encode()
    parts = [raw[a:b].decode(errors="replace") for a, b in pairwise([0, 1, 2, 15, 18, 19])]
    with pytest.raises(Fault) as caught:
        align(Echo(parts, [None, -0.5, -0.25, -0.75, -0.1], None, 0), raw[:17].decode(), raw[17:].decode())
    assert str(caught.value.code) == "token_boundary"


@given(st.lists(texts, min_size=2, max_size=12), st.data())
def test_byte_tokens_shown_with_replacement_characters_give_the_truth_or_nothing(
    words: list[str], data: st.DataObject
) -> None:
    """Cut the bytes anywhere, show what is no character as U+FFFD, and ask for a cut at a word."""
    raw = "".join(words).encode()
    places = sorted(data.draw(st.sets(st.integers(1, len(raw)), max_size=len(raw) - 1)) | {0, len(raw)})
    parts = [raw[a:b] for a, b in pairwise(places)]
    cut = data.draw(st.integers(1, len(words) - 1))
    before = "".join(words[:cut])
    values = [None, *(-(i + 1) / 64 for i in range(1, len(parts)))]
    try:
        result = align(Echo([p.decode(errors="replace") for p in parts], values, None, 0), before, "".join(words[cut:]))
    except Fault:
        return
    assert len(before.encode()) in places
    assert result.token_logprobs == tuple(values[places.index(len(before.encode())) :])
