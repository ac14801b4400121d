"""What makes a record a row: its id, draw, prompt and, where the data has any, response."""

from collections.abc import Callable
from dataclasses import dataclass

from cje_audit.domain.codes import FailureCode
from cje_audit.formats.chunks import Chunk, Problem, excerpt_of_record
from cje_audit.formats.limits import MAX_POLICIES

FIRST_DRAW = 0  # the draw of a row that names none
_MAX_DRAW = 2**31 - 1
_FIELDS = ("prompt_id", "prompt", "response", "draw", "target_logprobs")
_TEXT = {str}
_TEXT_OR_NONE = {str, type(None)}
_ID = {str, int}
_KINDS = {bool: "true or false", int: "a number", float: "a number", dict: "an object", list: "a list"}

Raw = list[object]


@dataclass(frozen=True, slots=True)
class Identity:
    """The columns every row has, and the problems of the records that lack one.

    `kept` are the indices of the records that are rows, or None where all are.
    """

    prompt_ids: list[str]
    draws: list[int]
    prompts: list[str]
    responses: list[str | None]
    kept: list[int] | None
    problems: list[Problem]


def read_identity(raw: Callable[[str], Raw | None], chunk: Chunk) -> Identity:
    """Return ids, draws, prompts and responses of a chunk's records.

    A response that is not there is null here; whether that costs the row is known once the whole file is read.
    """
    n = len(chunk.records)
    ids, prompts, responses, draws, targets = (raw(f) or [None] * n for f in _FIELDS)
    ids = [int(v) if isinstance(v, float) and v.is_integer() else v for v in ids]
    if chunk.from_text:
        responses = [None if v == "" else v for v in responses]
    if _all_sound(ids, prompts, responses, draws) and not any(map(_is_crowd, targets)):
        return Identity(ids, _draws(draws), prompts, responses, None, [])  # type: ignore[arg-type]
    numbers = [_draw(v) for v in draws]
    reasons = [_reason(*fields) for fields in zip(ids, prompts, responses, strict=True)]
    reasons = [r or _draw_reason(*d) for r, d in zip(reasons, zip(draws, numbers, strict=True), strict=True)]
    reasons = [r or _crowd_reason(t) for r, t in zip(reasons, targets, strict=True)]
    kept = [i for i, reason in enumerate(reasons) if reason is None]
    problems = [_problem(chunk, i, reason) for i, reason in enumerate(reasons) if reason is not None]
    return Identity(
        [str(ids[i]) for i in kept],
        [number for i in kept if (number := numbers[i]) is not None],
        [str(prompts[i]) for i in kept],
        [None if (text := responses[i]) is None else str(text) for i in kept],
        kept,
        problems,
    )


def _all_sound(ids: Raw, prompts: Raw, responses: Raw, draws: Raw) -> bool:
    if not all(_TEXT.issuperset(map(type, column)) and all(column) for column in (ids, prompts)):
        return False
    if not _TEXT_OR_NONE.issuperset(map(type, responses)) or not all(str(v).strip() for v in ids):
        return False
    return all(v is None or (type(v) is int and 0 <= v <= _MAX_DRAW) for v in draws)


def _draws(raw: Raw) -> list[int]:
    return [FIRST_DRAW if v is None else v for v in raw]  # type: ignore[misc]


def _draw(value: object) -> int | None:
    """Return a draw as a whole number from 0, or None if it is none."""
    if value is None or value == "":
        return FIRST_DRAW
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value <= _MAX_DRAW else None  # type: ignore[return-value,operator]


def _reason(prompt_id: object, prompt: object, response: object) -> str | None:
    if prompt_id is None or (isinstance(prompt_id, str) and not prompt_id.strip()):
        return "has no prompt_id"
    if type(prompt_id) not in _ID:
        return f"has {_kind(prompt_id)} as prompt_id, not text"
    if prompt is None or prompt == "":
        return "has no prompt"
    if not isinstance(prompt, str):
        return f"has {_kind(prompt)} as prompt, not text"
    if response is not None and not isinstance(response, str):
        return f"has {_kind(response)} as response, not text"
    return None


def _draw_reason(raw: object, draw: int | None) -> str | None:
    return f"has the draw {str(raw)[:40]}, not a whole number from 0" if draw is None else None


def _crowd_reason(targets: object) -> str | None:
    if _is_crowd(targets):
        return f"names {len(targets):,} target policies; at most {MAX_POLICIES} are read"  # type: ignore[arg-type]
    return None


def _is_crowd(targets: object) -> bool:
    return isinstance(targets, dict) and len(targets) > MAX_POLICIES


def _kind(value: object) -> str:
    return _KINDS.get(type(value), f"a {type(value).__name__}")


def _problem(chunk: Chunk, at: int, reason: str) -> Problem:
    line = chunk.lines[at]
    return Problem(line, FailureCode.SCHEMA, f"Line {line} {reason}.", excerpt_of_record(chunk.records[at]))
