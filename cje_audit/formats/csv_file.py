"""CSV and TSV: one record per line, or over several where a quoted cell holds line breaks."""

import csv
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import InputError
from cje_audit.formats.chunks import Chunk, Chunks, Problem, Record, excerpt_of
from cje_audit.formats.limits import MAX_COLUMNS, MAX_LINE_BYTES
from cje_audit.formats.lines import physical_lines

_DELIMITERS = ",\t;|"


def read_csv(path: Path, rows: int, is_known: Callable[[str], bool]) -> Chunks:
    """Yield the records of a CSV file in chunks of at most `rows`.

    Parameters
    ----------
    path
        The file; its first line names the columns.
    rows
        Records per chunk.
    is_known
        Whether a column's name means something to us; decides on the delimiter.

    Raises
    ------
    InputError
        If the first line does not name the columns.
    """
    csv.field_size_limit(MAX_LINE_BYTES)
    with path.open("rb", buffering=MAX_LINE_BYTES) as stream:
        lines = _TextLines(stream)
        header, delimiter = _header(lines, path.name, is_known)
        chunk = Chunk(from_text=True)
        for entry in _records(lines, header, delimiter):
            chunk.add(*entry)
            chunk.weight += lines.taken_bytes
            if chunk.is_full(rows):
                yield chunk
                chunk = Chunk(from_text=True)
        chunk.problems.extend(lines.refused)
    yield chunk


class _TextLines:
    """Decoded physical lines for the csv reader; remembers those the record in hand is made of.

    A line that is not UTF-8 keeps its odd bytes as surrogates, so that only its own record is lost.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._fresh = physical_lines(stream)
        self._again: deque[tuple[int, str]] = deque()
        self.taken: list[tuple[int, str]] = []
        self.refused: list[Problem] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        entry = self._again.popleft() if self._again else self._next_whole()
        self.taken.append(entry)
        return entry[1]

    @property
    def taken_bytes(self) -> int:
        """About how many bytes the record in hand takes."""
        return sum(len(text) for _, text in self.taken)

    def put_back_all_but_first(self) -> None:
        """Read the lines behind the first of a broken record once more, each as the start of its own record."""
        self._again.extendleft(reversed(self.taken[1:]))

    def _next_whole(self) -> tuple[int, str]:
        for number, data, whole in self._fresh:
            if whole:
                return number, data.decode("utf-8", "surrogateescape")
            reason = f"Line {number} is longer than 1 MB and was not read."
            self.refused.append(Problem(number, FailureCode.SCHEMA, reason, excerpt_of(data)))
        raise StopIteration


def _header(lines: _TextLines, name: str, is_known: Callable[[str], bool]) -> tuple[list[str], str]:
    """Return the column names and the delimiter under which most of them are known."""
    first = next((text for text in lines if text.strip()), "")
    options = [(_split(first, delimiter), delimiter) for delimiter in _DELIMITERS]
    header, delimiter = max(options, key=lambda o: (sum(map(is_known, o[0])), len(o[0])))
    twice = next((c for c in header if header.count(c) > 1), None) if len(header) <= MAX_COLUMNS else None
    if len(header) > MAX_COLUMNS:
        raise InputError(
            f"The first line of {name} names {len(header):,} columns; at most {MAX_COLUMNS:,} are read.",
            what_to_do="Keep the columns of the dataset and leave out the rest.",
        )
    if twice is not None:
        raise InputError(
            f"The column {twice or '(no name)'} appears twice in {name}.", what_to_do="Rename one of the two."
        )
    if not any(map(is_known, header)):
        raise InputError(
            f"The first line of {name} names no column we know.",
            expected="column names such as prompt_id, prompt, response",
            got=", ".join(header)[:200],
            what_to_do="Put the column names on the first line, or name them with --map COLUMN=FIELD.",
        )
    return header, delimiter


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return []


def _records(lines: _TextLines, header: list[str], delimiter: str) -> Iterator[tuple[int, Record | Problem]]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.taken.clear()
        try:
            cells = next(reader, None)
        except csv.Error as error:
            line, text = lines.taken[0]
            lines.put_back_all_but_first()
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            yield line, Problem(line, FailureCode.SCHEMA, f"Line {line} {_fault(error)}.", _clean(text))
            continue
        if cells is None:
            return
        if cells:
            yield lines.taken[0][0], _record(lines, header, cells)


def _record(lines: _TextLines, header: list[str], cells: list[str]) -> Record | Problem:
    line, text = lines.taken[0]
    if not all(map(_is_sound, cells)):
        return Problem(line, FailureCode.ENCODING, f"Line {line} is not valid UTF-8.", _clean(text))
    if any("\0" in cell for cell in cells):
        return Problem(line, FailureCode.ENCODING, f"Line {line} contains a NUL byte.", _clean(text.replace("\0", "")))
    if len(cells) != len(header):
        reason = f"Line {line} has {_cells(len(cells))} where the first line names {len(header)}."
        return Problem(line, FailureCode.SCHEMA, reason, _clean(text))
    return dict(zip(header, cells, strict=True))


def _cells(n: int) -> str:
    return "one cell" if n == 1 else f"{n} cells"


def _is_sound(cell: str) -> bool:
    return cell.isascii() or not any("\ud800" <= c <= "\udfff" for c in cell)


def _clean(text: str) -> str:
    return excerpt_of(text.encode("utf-8", "surrogateescape"))


def _fault(error: csv.Error) -> str:
    said = str(error)
    if "end of data" in said or "field limit" in said:
        return "opens a quote that is never closed"
    return f"is not valid CSV ({said})"
