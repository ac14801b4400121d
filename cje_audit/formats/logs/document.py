"""Pieces of a stranger's JSON document, taken out with their type: what is not what it should be is None."""

import json
from pathlib import Path
from typing import Any

import orjson

from cje_audit.domain.errors import InputError
from cje_audit.formats.limits import MAX_DOCUMENT_BYTES
from cje_audit.formats.lines import BOM

Object = dict[str, Any]
_HUGE = 1e300


def parse(data: bytes) -> object:
    """Return what a JSON text stands for, None where it is none; `NaN` and `Infinity` are read."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(data.removeprefix(BOM).decode("utf-8"))
    except (ValueError, RecursionError):
        return None


def read_document(path: Path, title: str) -> Object:
    """Read a file that is one JSON object.

    Raises
    ------
    InputError
        If it is larger than 100 MB or no JSON object.
    """
    if path.stat().st_size > MAX_DOCUMENT_BYTES:
        raise InputError(
            f"{path.name} is {title} of more than 100 MB in one piece.",
            what_to_do="Save it in the tool's format of one record per line or member, or split it.",
        )
    found = parse(path.read_bytes())
    if not isinstance(found, dict):
        raise InputError(
            f"{path.name} looks like {title} but is not a whole JSON object.", what_to_do="Export it again."
        )
    return found


def an_object(value: object, *keys: str) -> Object:
    """Return an object within an object, empty where there is none.

    Examples
    --------
    >>> an_object({"a": {"b": {"c": 1}}}, "a", "b"), an_object({"a": 3}, "a"), an_object(None)
    ({'c': 1}, {}, {})
    """
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def a_list(value: object) -> list[Any]:
    """Return a list, empty where the value is none."""
    return value if isinstance(value, list) else []


def a_text(value: object) -> str | None:
    """Return text, None where the value is something else."""
    return value if isinstance(value, str) else None


def a_number(value: object) -> float | None:
    """Return a number as it is, true and false as 1 and 0, and None for everything else.

    Examples
    --------
    >>> a_number(0.5), a_number(True), a_number("C"), a_number([1])
    (0.5, 1.0, None, None)
    """
    return float(value) if isinstance(value, int | float) and not abs(value) > _HUGE else None


def joined_messages(value: object) -> str | None:
    """Return a prompt as text: text as it is, chat messages as their texts with a blank line between."""
    if isinstance(value, str):
        return value
    texts = [_message_text(message) for message in a_list(value)]
    kept = [text for text in texts if text]
    return "\n\n".join(kept) if kept else None


def _message_text(message: object) -> str | None:
    content = message.get("content") if isinstance(message, dict) else message
    if isinstance(content, str):
        return content
    parts = [a_text(part.get("text")) for part in a_list(content) if isinstance(part, dict)]
    return "\n".join(part for part in parts if part)
