"""Physical lines of a file, numbered, with a bound on how much of one line is ever held."""

from collections.abc import Iterator
from typing import BinaryIO

from cje_audit.formats.limits import MAX_LINE_BYTES

BOM = b"\xef\xbb\xbf"
_READ = MAX_LINE_BYTES + 2  # a line of the largest size and its CRLF


def physical_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes, bool]]:
    """Yield line number, bytes and whether they are the whole line.

    Of a line over 1 MB only its start is given, and the rest is skipped block by block.
    A byte order mark at the start of the file is taken off.
    """
    number = 0
    while data := stream.readline(_READ):
        number += 1
        if number == 1:
            data = data.removeprefix(BOM)
        whole = len(data) < _READ or data.endswith(b"\n")
        if not whole:
            _skip_rest(stream)
        yield number, data, whole


def _skip_rest(stream: BinaryIO) -> None:
    while (data := stream.readline(_READ)) and not data.endswith(b"\n"):
        pass
