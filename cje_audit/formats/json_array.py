"""A JSON array of objects, cut into its elements as the file streams by."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cje_audit.domain.codes import FailureCode
from cje_audit.formats.chunks import Chunk, Chunks, Problem, excerpt_of
from cje_audit.formats.json_text import parse_record
from cje_audit.formats.limits import MAX_LINE_BYTES
from cje_audit.formats.lines import BOM

_BLOCK = 1 << 21
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["{}\[\],]', re.DOTALL)


@dataclass(slots=True)
class _Element:
    """One element of the array; `end` is what came after it: a comma, a bracket, or nothing."""

    line: int
    data: bytes
    end: bytes


def read_json_array(path: Path, rows: int) -> Chunks:
    """Yield the objects of a JSON array in chunks of at most `rows`, each with the line it starts on."""
    chunk = Chunk()
    with path.open("rb") as stream:
        cutter = _Cutter(stream)
        for element in cutter.elements():
            _take(chunk, element)
            if chunk.is_full(rows):
                yield chunk
                chunk = Chunk()
        if cutter.is_closed:
            chunk.problems.extend(cutter.left_over())
    yield chunk


def _take(chunk: Chunk, element: _Element) -> None:
    chunk.weight += len(element.data)
    if len(element.data) > MAX_LINE_BYTES:
        chunk.add(element.line, _endless(element))
        return
    if element.data:
        chunk.add(element.line, parse_record(element.line, element.data))
    if element.end == b"}":
        reason = f"Line {element.line} closes a bracket too many; nothing after it could be read."
        chunk.add(element.line, Problem(element.line, FailureCode.SCHEMA, reason, excerpt_of(element.data)))
    if not element.end:
        chunk.notes.append("The JSON array is never closed: the file may have been cut off.")


def _endless(element: _Element) -> Problem:
    rest = "" if element.end else " Nothing after it could be read."
    reason = f"The element that starts on line {element.line} is longer than 1 MB and was not read.{rest}"
    return Problem(element.line, FailureCode.SCHEMA, reason, excerpt_of(element.data))


class _Cutter:
    """A window on the stream: `buffer[at:]` is what has been read and not yet been cut; `line` is where it starts."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._buffer = stream.read(_BLOCK).removeprefix(BOM)
        self._at = 0
        self._line = 1
        self.is_closed = False

    def elements(self) -> Iterator[_Element]:
        """Cut at the commas of the outermost level; stop at the closing bracket, or where an element has no end."""
        self._step_to(self._buffer.find(b"[") + 1)
        while True:
            element = self._cut()
            yield element
            if element.end != b",":
                self.is_closed = element.end == b"]"
                break

    def left_over(self) -> list[Problem]:
        """Report text behind the end of the array, which is not read."""
        rest = self._buffer[self._at :].lstrip() or self._stream.read(_BLOCK).strip()
        if not rest:
            return []
        line = self._line + self._buffer[self._at : len(self._buffer) - len(rest)].count(b"\n")
        reason = f"Line {line} goes on after the end of the JSON array; nothing from there on was read."
        return [Problem(line, FailureCode.SCHEMA, reason, excerpt_of(rest))]

    def _cut(self) -> _Element:
        """Take the next element and the comma or bracket behind it."""
        end = self._find_end()
        stop = len(self._buffer) if end is None else end
        data = self._buffer[self._at : stop]
        body = data.lstrip()
        self._step_to(stop - len(body))
        element = _Element(self._line, body.rstrip(), b"" if end is None else self._buffer[end : end + 1])
        self._step_to(min(stop + 1, len(self._buffer)))
        return element

    def _step_to(self, at: int) -> None:
        self._line += self._buffer.count(b"\n", self._at, at)
        self._at = at

    def _find_end(self) -> int | None:
        """Read on until the next element is whole; None where the file or the bound is reached before its end."""
        end = _end_of_element(self._buffer, self._at)
        while end is None and len(self._buffer) - self._at <= _BLOCK and (more := self._stream.read(_BLOCK)):
            self._buffer = self._buffer[self._at :] + more
            self._at = 0
            end = _end_of_element(self._buffer, self._at)
        return end


def _end_of_element(buffer: bytes, start: int) -> int | None:
    """Return where the comma or bracket behind the element stands, or None if it is not in the buffer."""
    depth = 0
    for match in _TOKEN.finditer(buffer, start):
        token = match[0]
        if token in (b"{", b"["):
            depth += 1
        elif token in (b"}", b"]") and depth:
            depth -= 1
        elif token == b'"':
            return None  # a string that does not end here
        elif not depth and len(token) == 1:
            return match.start()
    return None
