"""The fault server's truth: tokens and log-probabilities as a pure function of model and text.

A value depends on everything before it, so a number from another row, another cut or out of thin air is never right.
"""

import re
from zlib import crc32

PIECE = re.compile(r"\r\n|\n+|[^\S\r\n](?=\s)| ?[^\s]{1,6}|\s")
TAIL = " end"


def pieces(text: str, *, split: bool = False) -> list[bytes]:
    """Cut a text into tokens, as bytes; with `split`, every character that is not ASCII becomes several tokens."""
    whole = PIECE.findall(text)
    if not split:
        return [piece.encode() for piece in whole]
    return [part for piece in whole for part in _parts(piece)]


def _parts(piece: str) -> list[bytes]:
    parts: list[bytes] = []
    for run in re.findall(r"[\x00-\x7f]+|[^\x00-\x7f]", piece):
        raw = run.encode()
        parts += [raw] if run.isascii() else [raw[:1], raw[1:]]
    return parts


def values(model: str, tokens: list[bytes]) -> list[float]:
    """Return one log-probability in nats per token: negative, of four decimals, from the whole text up to there."""
    state, found = crc32(model.encode()), []
    for token in tokens:
        state = crc32(token, state)
        found.append(-(1 + state % 50_000) / 10_000)
    return found


def response_values(model: str, before: str, response: str, *, split: bool = False) -> list[float] | None:
    """Return the truth of a response: one value per token, or None where a token spans its beginning."""
    tokens = pieces(before + response, split=split)
    at, first = 0, None
    for number, token in enumerate(tokens):
        if at == len(before.encode()):
            first = number
            break
        at += len(token)
    return None if first is None else values(model, tokens)[first:]


def share(*parts: str) -> float:
    """Return a number in [0, 1) that depends on exactly these texts."""
    return crc32("\x00".join(parts).encode()) / 2**32


def judge_score(prompt_text: str) -> float:
    """Return the score a judge here gives: two decimals in [0, 1], from all it was shown."""
    return round(share("judge", prompt_text), 2)


def written(text: str, seed: object) -> str:
    """Return what a model here writes after a text."""
    count = 3 + int(5 * share(text, str(seed)))
    return " ".join(f"word{int(1000 * share(text, str(seed), str(n)))}" for n in range(count))
