"""One JSON text to one record: a fast parser first, a forgiving one where it refuses, a reason where both do."""

import json

import orjson

from cje_audit.domain.codes import FailureCode
from cje_audit.formats.chunks import Problem, Record, excerpt_of
from cje_audit.formats.lines import BOM

_KINDS = {list: "a list", str: "text", int: "a number", float: "a number", bool: "true or false", type(None): "null"}


def parse_record(line: int, data: bytes) -> Record | Problem:
    """Read one JSON object; `NaN`, `Infinity` and `-Infinity` are read as the numbers they are."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        value = _parse_again(line, data)
    if isinstance(value, dict | Problem):
        return value
    kind = _KINDS.get(type(value), "something else")
    return Problem(
        line, FailureCode.SCHEMA, f"Line {line} holds {kind}, not an object with named fields.", excerpt_of(data)
    )


def too_long(line: int, data: bytes) -> Problem:
    """Return the problem of a line that is longer than what is read."""
    return Problem(line, FailureCode.SCHEMA, f"Line {line} is longer than 1 MB and was not read.", excerpt_of(data))


def _parse_again(line: int, data: bytes) -> object:
    """Parse with the standard library, which knows NaN, and say in words what is wrong where it refuses as well."""
    try:
        text = data.removeprefix(BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        where = f"at byte {error.start + 1}"
        return Problem(line, FailureCode.ENCODING, f"Line {line} is not valid UTF-8 ({where}).", excerpt_of(data))
    if "\0" in text:
        return Problem(
            line, FailureCode.ENCODING, f"Line {line} contains a NUL byte.", excerpt_of(data.replace(b"\0", b""))
        )
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        return Problem(line, FailureCode.SCHEMA, f"Line {line} {_fault(error, text)}.", excerpt_of(data))
    except RecursionError:
        return Problem(line, FailureCode.SCHEMA, f"Line {line} is nested too deeply to be read.", excerpt_of(data))
    except ValueError:
        return Problem(line, FailureCode.SCHEMA, f"Line {line} holds a number with too many digits.", excerpt_of(data))
    return _text_is_sound(line, data, text, value)


def _fault(error: json.JSONDecodeError, text: str) -> str:
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return "is cut off: its JSON does not end"
    return f"is not valid JSON ({error.msg[:1].lower()}{error.msg[1:]}, character {error.pos + 1})"


def _text_is_sound(line: int, data: bytes, text: str, value: object) -> object:
    """Refuse half a surrogate pair, which no text file can hold."""
    if "\\ud" not in text.lower():
        return value
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (UnicodeEncodeError, RecursionError):
        reason = f"Line {line} holds an escape that is half a character (a lone surrogate)."
        return Problem(line, FailureCode.ENCODING, reason, excerpt_of(data))
    return value
