"""Reads the JSON of an answer: fast where it is clean, and able to see a NaN instead of stumbling over it."""

import json
from collections.abc import Mapping
from typing import Any

import orjson

from cje_audit.domain.codes import FailureCode
from cje_audit.providers.http.classify import classify_status
from cje_audit.providers.http.fault import Fault

Document = Mapping[str, Any]


def read_document(body: bytes | None) -> Document:
    """Parse an answer.

    Raises
    ------
    Fault
        `bad_response`, when it is empty, cut, not a JSON object, or an error in the dress of a success.

    Examples
    --------
    >>> read_document(b'{"a": NaN}')
    {'a': nan}
    """
    if not body or not body.strip():
        raise Fault(FailureCode.BAD_RESPONSE, "the answer is empty")
    document = _parsed(body)
    if not isinstance(document, dict):
        raise Fault(FailureCode.BAD_RESPONSE, f"the answer is a JSON {type(document).__name__}, not an object")
    if document.get("error"):
        raise _error(document["error"])
    return document


def encode(document: Document) -> bytes:
    """Write a request as JSON bytes.

    Raises
    ------
    Fault
        `encoding`, when a text cannot be written as UTF-8.
    """
    try:
        return orjson.dumps(document)
    except TypeError as error:
        raise Fault(FailureCode.ENCODING, f"the text cannot be written as UTF-8: {error}") from None


def dig(document: Any, *path: str | int) -> Any:
    """Follow keys and positions into a document; None where one of them is not there.

    Examples
    --------
    >>> dig({"a": [{"b": "c"}]}, "a", 0, "b"), dig({"a": []}, "a", 0, "b")
    ('c', None)
    """
    for step in path:
        if isinstance(step, str) and isinstance(document, dict):
            document = document.get(step)
        elif isinstance(step, int) and isinstance(document, list) and step < len(document):
            document = document[step]
        else:
            return None
    return document


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        start = body[:60].decode("utf-8", errors="replace")
        raise Fault(FailureCode.BAD_RESPONSE, f"the answer is not JSON; it begins with {start!r}") from None


def _error(error: Any) -> Fault:
    """Read an error that came with a status of success; its own status counts where it has one."""
    said = json.dumps(error, ensure_ascii=False)[:300]
    status = dig(error, "code") or dig(error, "status")
    if isinstance(status, int) and 400 <= status < 600:
        return Fault(classify_status(status, said.encode("utf-8", errors="replace")), said)
    return Fault(FailureCode.BAD_RESPONSE, f"the answer is an error: {said}")
