r"""Finds where echoed tokens begin and end inside the text that was sent, also where a token holds part of a character.

Servers show such a token as U+FFFD, as `bytes:\xf0\x9f`, or as an empty string before the token that completes the
character. Only what spells the text exactly is accepted; nothing is guessed.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

UNKNOWN = "\ufffd"
BYTES = re.compile(r"bytes:((?:\\x[0-9a-fA-F]{2})+)")
PARTS = re.compile(f"{UNKNOWN}+|[^{UNKNOWN}]+")
MOST_BYTES = 3  # an incomplete UTF-8 character has at most three bytes


@dataclass(frozen=True, slots=True)
class Spelling:
    """How tokens spell a text.

    Attributes
    ----------
    first
        Index of the first token after the boundary, or None where no single cut exists.
    n
        How many tokens spell the text; those after it were generated.
    exact
        Whether the tokens, joined, are the text character by character.
    """

    first: int | None
    n: int
    exact: bool


def spell(tokens: Sequence[str], before: str, text: str, most_generated: int = 1) -> Spelling | None:
    """Return how the first tokens spell `text`, cut after `before` (which begins it); None where they do not.

    Up to `most_generated` further tokens may follow.

    Examples
    --------
    >>> spell(["Hi", "!", " yes", "more"], "Hi!", "Hi! yes")
    Spelling(first=2, n=3, exact=True)
    >>> spell(["Hi", "! y", "es"], "Hi!", "Hi! yes").first is None
    True
    >>> spell(["a", "\ufffd", "\ufffd", "b"], "a", "a\U0001f600b")
    Spelling(first=1, n=4, exact=False)
    """
    if "".join(tokens).startswith(text):
        return _exact(tokens, before, text)
    if any(UNKNOWN in token or token.startswith("bytes:") for token in tokens):
        return _by_bytes(tokens, before.encode("utf-8"), text.encode("utf-8"), most_generated)
    return None


def _exact(tokens: Sequence[str], before: str, text: str) -> Spelling | None:
    ends = list(accumulate(map(len, tokens)))
    n = bisect_left(ends, len(text)) + 1
    if ends[n - 1] != len(text):
        return None
    if not before:
        return Spelling(_after_empty(tokens, 0, bisect_right(ends, 0)), n, exact=True)
    low, high = bisect_left(ends, len(before)) + 1, bisect_right(ends, len(before))
    first = _after_empty(tokens, low, high) if ends[low - 1] == len(before) else None
    return Spelling(first, n, exact=True)


def _after_empty(tokens: Sequence[str], low: int, high: int) -> int | None:
    """Choose among cuts that differ by empty tokens: they hold the first bytes of the character that follows."""
    if low == high:
        return low
    return low if high < len(tokens) and not tokens[high][:1].isascii() else None


def _by_bytes(tokens: Sequence[str], before: bytes, text: bytes, most_generated: int) -> Spelling | None:
    """Follow all places where each token can end, forwards and then backwards, as a small automaton over bytes."""
    reached: list[set[int]] = [{0}]
    for token in tokens:
        reached.append(_ends(token, reached[-1], text))
    least = len(tokens) - most_generated
    counts = [n for n, ends in enumerate(reached) if n >= least and len(text) in ends]
    if not counts:
        return None
    n = counts[0]
    if len(counts) > 1:  # the last token may be the text's or a generated one
        return Spelling(None, n, exact=False)
    possible = _possible(tokens, reached, n, text)
    cuts = [k for k in range(n) if len(before) in possible[k]]
    if any(possible[k] != {len(before)} for k in cuts):  # the token may as well begin elsewhere
        return Spelling(None, n, exact=False)
    if len(cuts) == 1 or (cuts and not any(tokens[k] for k in range(cuts[0], cuts[-1]))):
        return Spelling(_after_empty(tokens, cuts[0], cuts[-1]), n, exact=False)
    return Spelling(None, n, exact=False)


def _possible(tokens: Sequence[str], reached: Sequence[set[int]], n: int, text: bytes) -> list[set[int]]:
    """Keep the places from which the first `n` tokens still reach the text's end."""
    possible: list[set[int]] = [set() for _ in range(n)] + [{len(text)}]
    for k in range(n - 1, -1, -1):
        possible[k] = {at for at in reached[k] if _ends(tokens[k], {at}, text) & possible[k + 1]}
    return possible


def _ends(token: str, starts: set[int], text: bytes) -> set[int]:
    """Return every byte at which a token can end when it starts at one of `starts`."""
    named = BYTES.fullmatch(token)
    if named:
        raw = bytes.fromhex(named[1].replace("\\x", ""))
        found = {at + len(raw) for at in starts if text.startswith(raw, at)}
        if found:
            return found
    ends = starts
    for part in PARTS.findall(token):
        if part[0] == UNKNOWN:
            ends = {end for at in ends for end in _unknown_ends(at, len(part), text)}
        else:
            raw = part.encode("utf-8", errors="surrogatepass")
            ends = {at + len(raw) for at in ends if text.startswith(raw, at)}
    return ends


def _unknown_ends(at: int, count: int, text: bytes) -> range:
    """Return where `count` replacement characters can end: each stands for one to three bytes that are not ASCII."""
    end = at
    while end < len(text) and text[end] >= 0x80 and end - at < MOST_BYTES * count:
        end += 1
    return range(at + count, end + 1)
