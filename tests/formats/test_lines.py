"""Lines at the limit are whole; lines over it are cut, and the next one is found again."""

import io

import pytest

from cje_audit.formats.limits import MAX_LINE_BYTES
from cje_audit.formats.lines import BOM, physical_lines


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_line_of_exactly_the_limit_is_whole(end: bytes) -> None:
    found = list(physical_lines(io.BytesIO(b"x" * MAX_LINE_BYTES + end + b"y" + end)))
    assert [(n, len(data.rstrip()), whole) for n, data, whole in found] == [(1, MAX_LINE_BYTES, True), (2, 1, True)]


@pytest.mark.parametrize("size", [MAX_LINE_BYTES + 3, 3 * MAX_LINE_BYTES + 7])
def test_a_longer_line_is_cut_and_the_next_keeps_its_number(size: int) -> None:
    found = list(physical_lines(io.BytesIO(b"x" * size + b"\ny\n")))
    assert [(n, whole) for n, _, whole in found] == [(1, False), (2, True)]
    assert found[1][1] == b"y\n"


def test_the_byte_order_mark_is_taken_off_the_first_line_only() -> None:
    assert [data for _, data, _ in physical_lines(io.BytesIO(BOM + b"a\n" + BOM + b"b"))] == [b"a\n", BOM + b"b"]
