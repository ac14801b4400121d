"""Cuts a server's echo at the response and verifies it: what is not exactly the text that was sent gives no number."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.results import LogProbResult
from cje_audit.providers.http.fault import Fault, NoPromptLogprobs
from cje_audit.providers.http.spelling import Spelling, spell

VERSION = "1"  # part of every answer's key: counted up when the same answer may give another number
ENOUGH = 5  # tokens from which equal values cannot be chance
SENTINELS = frozenset({-9999.0, -99999.0, -10000.0, -1000.0, -999.0, -100.0})
WORDS_FOR_NON_FINITE = frozenset({"nan", "inf", "-inf", "infinity", "-infinity"})


@dataclass(frozen=True, slots=True)
class Echo:
    """A server's answer to teacher forcing, before anything is believed.

    Attributes
    ----------
    tokens, values
        One text and one log-probability (nats; null for the very first) per token of prompt, response and tail.
    offsets
        Where each token starts, in the server's own unit, or None where it gives none.
    most_generated
        How many tokens the request allowed the server to add.
    """

    tokens: Sequence[Any]
    values: Sequence[Any]
    offsets: Sequence[Any] | None
    most_generated: int


def align(echo: Echo, before: str, scored: str, *, ends_with_stop: bool = False) -> LogProbResult:
    r"""Return the log-probability of `scored`, the text sent after `before`, from one echo of both.

    Raises
    ------
    Fault
        With the code of the first verification that failed.

    Examples
    --------
    >>> echo = Echo(["Hi", "\n\n", "yes", "!", "?"], [None, -1.0, -0.5, -0.25, -3.0], [0, 2, 4, 7, 8], 1)
    >>> result = align(echo, "Hi\n\n", "yes!")
    >>> result.unwrap(), result.tokens
    (-0.75, ('yes', '!'))
    """
    _check_shape(echo)
    lead, spelling = _spelled(echo, before, before + scored)
    values, tokens = echo.values[lead : lead + spelling.n], echo.tokens[lead : lead + spelling.n]
    if len(echo.tokens) - lead - spelling.n > echo.most_generated:
        raise _mismatch("more tokens came back than the text has and the request allows")
    _check_offsets(echo, lead, tokens, spelling)
    first = _first(spelling, lead)
    _check_nulls(values, lead)
    response = [_number(v) for v in values[first:]]
    _check_constants(response, [v for v in values if v is not None])
    return LogProbResult.success(tuple(response), tuple(tokens[first:]), ends_with_stop=ends_with_stop)


def _check_shape(echo: Echo) -> None:
    if not echo.tokens or not echo.values or all(v is None for v in echo.values):
        raise NoPromptLogprobs("there are none at all")
    if len(echo.tokens) != len(echo.values):
        raise _mismatch(f"{len(echo.tokens)} tokens, but {len(echo.values)} values")
    if echo.offsets is not None and len(echo.offsets) != len(echo.tokens):
        raise _mismatch(f"{len(echo.tokens)} tokens, but {len(echo.offsets)} offsets")
    if not all(isinstance(token, str) for token in echo.tokens):
        raise Fault(FailureCode.BAD_RESPONSE, "a token is not a text")


def _spelled(echo: Echo, before: str, text: str) -> tuple[int, Spelling]:
    """Return how many tokens the server put in front (0, or 1 for a beginning-of-text token), and the spelling."""
    spelling = spell(echo.tokens, before, text, echo.most_generated)
    if spelling is not None:
        return 0, spelling
    start = echo.tokens[0]
    if echo.values[0] is None and not (start and text.startswith(start)):
        spelling = spell(echo.tokens[1:], before, text, echo.most_generated)
        if spelling is not None:
            return 1, spelling
    if len(echo.tokens) <= echo.most_generated:
        raise NoPromptLogprobs("only those of generated tokens")
    raise _mismatch(_difference("".join(echo.tokens), text))


def _difference(echoed: str, text: str) -> str:
    if text.startswith(echoed):
        return f"the echo is short: {len(echoed)} of {len(text)} characters"
    at = next((i for i, (a, b) in enumerate(zip(echoed, text, strict=False)) if a != b), min(len(echoed), len(text)))
    return f"the echo differs from the text at character {at}: {echoed[at : at + 20]!r} for {text[at : at + 20]!r}"


def _first(spelling: Spelling, lead: int) -> int:
    if spelling.first is None:
        raise Fault(FailureCode.TOKEN_BOUNDARY, "no token begins where the response begins")
    if spelling.first + lead < 1:
        raise Fault(FailureCode.BAD_REQUEST, "nothing comes before the response, so its first token has no value")
    return spelling.first


def _check_nulls(values: Sequence[Any], lead: int) -> None:
    """Only the first token of all has no value; `values` begins with it unless the server put one in front."""
    if not lead and values[0] is not None:
        raise _mismatch("the first token has a value, so the values may belong to other tokens")
    rest = values if lead else values[1:]
    nulls = sum(v is None for v in rest)
    if nulls and rest[0] is None and nulls == 1 and len(rest) > 1:
        raise _mismatch("the second token has no value either, so the values may belong to other tokens")
    if nulls:
        raise Fault(FailureCode.BAD_RESPONSE, f"{nulls} tokens of the text have no log-probability")


def _number(value: Any) -> float:
    if isinstance(value, float):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and value.strip().lower() in WORDS_FOR_NON_FINITE:
        raise Fault(FailureCode.NON_FINITE, f"a token's log-probability is {value}")
    raise Fault(FailureCode.BAD_RESPONSE, f"a token's log-probability is {value!r}")


def _check_constants(response: Sequence[float], whole: Sequence[Any]) -> None:
    """Refuse what servers write where they computed nothing: zeros, clamps, and one value on every token."""
    if any(not math.isfinite(v) for v in response):
        raise Fault(FailureCode.NON_FINITE, "a token's log-probability is not finite")
    for values in (response, whole):
        if len(values) >= ENOUGH and not any(values):
            raise Fault(FailureCode.ZERO_ON_TEXT, f"all {len(values)} values are 0")
    clamped = [v for v in response if v in SENTINELS]
    if clamped:
        raise Fault(FailureCode.SENTINEL, f"{len(clamped)} tokens have the constant {clamped[0]:g}")
    if len(response) >= ENOUGH and len(set(response)) == 1:
        raise Fault(FailureCode.SENTINEL, f"all {len(response)} tokens have the value {response[0]:g}")


def _check_offsets(echo: Echo, lead: int, tokens: Sequence[str], spelling: Spelling) -> None:
    """Compare the server's offsets with the tokens, counted in code points, UTF-16 units or bytes."""
    offsets = None if echo.offsets is None else list(echo.offsets[lead : lead + spelling.n])
    if offsets is None or all(at is None or at == -1 for at in offsets):  # so a server says that it has none
        return
    if not all(isinstance(at, int) for at in offsets):
        raise _mismatch("an offset is not a whole number")
    if lead:
        offsets = [at - offsets[0] for at in offsets]
    if any(offsets == _starts(tokens, width) for width in UNITS):
        return
    falling = any(b < a for a, b in pairwise(offsets))
    if falling or (spelling.exact and not any(_fits_between(offsets, tokens, width) for width in UNITS)):
        raise _mismatch("the offsets are not those of the echoed tokens, in bytes, UTF-16 units or code points")


def _starts(tokens: Sequence[str], width: Callable[[str], int]) -> list[int]:
    return list(accumulate(map(width, tokens[:-1]), initial=0))


def _fits_between(offsets: Sequence[int], tokens: Sequence[str], width: Callable[[str], int]) -> bool:
    """Compare as above, but leave out tokens after an empty one: inside a character, only the server knows."""
    known = [True, *(token != "" for token in tokens[:-1])]
    pairs = zip(offsets, _starts(tokens, width), known, strict=True)
    return all(offset == start for offset, start, counts in pairs if counts)


def _utf16_units(token: str) -> int:
    return len(token) + sum(char > "\uffff" for char in token)


def _utf8_bytes(token: str) -> int:
    return len(token.encode("utf-8", errors="surrogatepass"))


UNITS: tuple[Callable[[str], int], ...] = (len, _utf16_units, _utf8_bytes)


def _mismatch(detail: str) -> Fault:
    return Fault(FailureCode.ECHO_MISMATCH, detail)
