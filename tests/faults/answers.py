"""What the fault server answers when all is well, in each dialect, and how each lying fault spoils it."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from tests.faults import truth

Body = dict[str, Any]


@dataclass(slots=True)
class Shape:
    """How this server speaks.

    `dialect`: echo, together, prompt_logprobs or sglang. `offsets`: code_points, utf16, bytes or none.
    `split`: how a token with part of a character is shown (whole: there is none; fffd, bytes, empty).
    `unlimited_zero`: max_tokens 0 writes on and on. `bos`: a beginning-of-text token put in front. `body_bytes`: the least size of an answer.
    """

    dialect: str = "echo"
    offsets: str = "code_points"
    split: str = "whole"
    bos: str | None = None
    body_bytes: int = 0
    template: str | None = None
    unlimited_zero: bool = False


@dataclass(slots=True)
class Block:
    """Tokens, values and offsets of text and tail, before they are put into an answer."""

    tokens: list[str]
    values: list[float | None]
    offsets: list[int]
    n_tail: int


def scored(shape: Shape, model: str, text: str, n_tail: int, kind: str | None) -> Block:
    """Score a text, and spoil the scores where a fault says so."""
    tail = [truth.TAIL.encode()] * n_tail
    parts = [*truth.pieces(text, split=shape.split != "whole"), *tail]
    values: list[float | None] = [*truth.values(model, parts)]
    tokens = _shown(parts, shape.split)
    if shape.bos is not None:
        tokens, values = [shape.bos, *tokens], [None, *values]
    else:
        values[0] = None
    if kind == "no_bos":  # the value of a token after itself: known of a real server where a model has no first token
        values[1:] = [truth.values(model, [*parts[: i + 1], parts[i]])[-1] for i in range(1, len(parts))]
    block = Block(tokens, values, _offsets(tokens, parts, shape), n_tail)
    if kind is not None:
        SPOIL.get(kind, lambda _: None)(block)
    return block


def _shown(parts: list[bytes], split: str) -> list[str]:
    if split == "whole":
        return [part.decode() for part in parts]
    shown, held = [], b""
    for part in parts:
        try:
            text = (held + part).decode()
        except UnicodeDecodeError:
            held += part
            shown.append("" if split == "empty" else _partial(part, split))
            continue
        shown.append(text if split == "empty" or not held else _partial(part, split))
        held = b""
    return shown


def _partial(part: bytes, split: str) -> str:
    if split == "bytes":
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in part)
    return part.decode(errors="replace")


def _offsets(tokens: list[str], parts: list[bytes], shape: Shape) -> list[int]:
    bos = [] if shape.bos is None else [shape.bos.encode()]
    found, at = [], 0
    for token, part in zip(tokens, [*bos, *parts], strict=True):
        found.append(at)
        at += {"bytes": len(part), "utf16": len(token.encode("utf-16-le")) // 2}.get(shape.offsets, len(token))
    return found


def _last(block: Block) -> int:
    return len(block.values) - block.n_tail - 1


def _set_last(block: Block, value: float | None) -> None:
    block.values[_last(block)] = value


def _drop(block: Block, low: int, high: int) -> None:
    del block.tokens[low:high], block.values[low:high], block.offsets[low:high]


def _rename(block: Block) -> None:
    block.tokens[_last(block)] += "!"


def _shift_values(block: Block, first: list[float | None], drop: slice) -> None:
    rest = list(block.values)
    del rest[drop]
    block.values[:] = first + rest if first else [*rest, -1.5]


def _shift_offsets(block: Block) -> None:
    block.offsets[:] = [*block.offsets[1:], block.offsets[-1] + 1]


def _shift_silently(block: Block) -> None:
    block.values[:] = [None, *block.values[2:], -1.5]


def _zero(block: Block) -> None:
    block.values[:] = [None, *[0.0] * (len(block.values) - 1)]


SPOIL = {
    "null_value": lambda b: _set_last(b, None),
    "nan": lambda b: _set_last(b, float("nan")),
    "infinite": lambda b: _set_last(b, float("-inf")),
    "positive": lambda b: _set_last(b, 0.5),
    "clamped": lambda b: _set_last(b, -9999.0),
    "zeros": _zero,
    "short_echo": lambda b: _drop(b, _last(b), _last(b) + 1),
    "left_cut_echo": lambda b: _drop(b, 0, 2),
    "ignored_echo": lambda b: _drop(b, 0, _last(b) + 1),
    "other_text": _rename,
    "off_by_one": lambda b: _shift_values(b, [], slice(0, 1)),
    "off_by_one_null": lambda b: _shift_values(b, [None], slice(-1, None)),
    "off_by_one_offsets": _shift_offsets,
    "wrong_count": lambda b: b.values.pop(),
    "shifted": _shift_silently,
}


def scoring_answer(shape: Shape, document: Body, kind: str | None) -> bytes:
    """Answer a request for the scores of a text, as bytes of JSON."""
    model, text = str(document.get("model", "m")), document.get("prompt", document.get("text", ""))
    n_tail = int(document.get("max_tokens", document.get("sampling_params", {}).get("max_new_tokens", 1)))
    n_tail = 7 if n_tail == 0 and shape.unlimited_zero else n_tail
    block = scored(shape, model, text, n_tail, kind)
    build = {"echo": _echo, "together": _together, "prompt_logprobs": _prompt_logprobs, "sglang": _sglang}
    answer = build[shape.dialect](shape, block, text, kind)
    answer["model"] = "another-model" if kind == "other_model" else model
    answer["usage"] = {"prompt_tokens": len(block.tokens) - n_tail, "completion_tokens": n_tail}
    return _padded(answer, block, shape.body_bytes)


def _echo(shape: Shape, block: Block, text: str, kind: str | None) -> Body:
    shown = "".join(block.tokens[len(block.tokens) - block.n_tail :])
    choice: Body = {"index": 0, "text": shown if kind == "ignored_echo" else text + shown, "finish_reason": "length"}
    choice["logprobs"] = None if kind == "null_logprobs" else {"tokens": block.tokens, "token_logprobs": block.values}
    if shape.offsets != "none" and choice["logprobs"]:
        choice["logprobs"]["text_offset"] = block.offsets
    return {"id": "c", "object": "text_completion", "choices": [choice]}


def _together(_: Shape, block: Block, text: str, kind: str | None) -> Body:
    end = len(block.tokens) - block.n_tail
    lists = {"tokens": block.tokens[:end], "token_logprobs": block.values[:end]}
    tail = {"tokens": [truth.TAIL] * block.n_tail, "token_logprobs": [0.0] * block.n_tail}
    answer: Body = {"choices": [{"text": truth.TAIL, "logprobs": tail, "finish_reason": "length"}]}
    if kind not in ("null_logprobs", "ignored_echo"):
        answer["prompt"] = [{"text": text, "logprobs": lists}]
    return answer


def _prompt_logprobs(_: Shape, block: Block, __: str, kind: str | None) -> Body:
    end = len(block.tokens) - block.n_tail
    pairs = zip(block.tokens[:end], block.values[:end], strict=False)
    entries: list[Any] = [
        {str(i): {"logprob": value, "rank": 1, "decoded_token": token}} for i, (token, value) in enumerate(pairs)
    ]
    entries[:1] = [None]
    choice: Body = {"text": truth.TAIL, "finish_reason": "length", "logprobs": None}
    choice["prompt_logprobs"] = None if kind in ("null_logprobs", "ignored_echo") else entries
    return {"choices": [choice]}


def _sglang(_: Shape, block: Block, __: str, kind: str | None) -> Body:
    end = len(block.tokens) - block.n_tail
    triples = [
        [value, i, token] for i, (token, value) in enumerate(zip(block.tokens[:end], block.values[:end], strict=False))
    ]
    meta: Body = {} if kind in ("null_logprobs", "ignored_echo") else {"input_token_logprobs": triples}
    return {"text": "", "meta_info": meta}


def _padded(answer: Body, block: Block, least: int) -> bytes:
    """Fill the answer up with alternatives per token, as real servers do, and then with blanks."""
    spoilt = any(v is not None and not -1e300 < v < 1e300 for v in block.values)
    if not least:
        return _dump(answer, spoilt)
    short = least - len(_dump(answer, spoilt))
    n = len(block.tokens)
    alternatives = max(short // (22 * n + 1), 0) if n else 0
    logprobs = answer.get("choices", [{}])[0].get("logprobs")
    if alternatives and logprobs and not spoilt:
        logprobs["top_logprobs"] = orjson.Fragment(_alternatives(n, alternatives))
    raw = _dump(answer, spoilt)
    return raw[:-1] + b" " * max(least - len(raw), 0) + b"}"


@lru_cache(maxsize=256)
def _alternatives(n: int, count: int) -> bytes:
    entries = [None, *({f" word{i}{j}": -(1 + (i * j) % 997) / 100 for j in range(count)} for i in range(1, n))]
    return orjson.dumps(entries)


def _dump(answer: Body, spoilt: bool) -> bytes:
    """Write JSON; only the slow writer can write NaN and -Infinity, as some servers do."""
    return json.dumps(answer).encode() if spoilt else orjson.dumps(answer)
