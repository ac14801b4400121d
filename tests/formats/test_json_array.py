"""An array is cut into the same elements wherever the blocks of the file happen to end."""

import json
from pathlib import Path
from typing import Any

import pytest

from cje_audit.formats.json_array import read_json_array

ROWS: list[dict[str, Any]] = [
    {"a": 'quote " and \\ and "]}', "n": [1, {"x": "]"}], "i": 0},
    {"a": "é☃" * 40, "i": 1},
    {"a": "line\nbreak", "deep": {"b": {"c": [[], [[]]]}}, "i": 2},
    {"i": 3},
]


@pytest.mark.parametrize("block", [8, 17, 64, 1 << 21])
@pytest.mark.parametrize("indent", [None, 1])
def test_blocks_of_any_size_give_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, indent: int | None
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(json.dumps(ROWS * 5, indent=indent, ensure_ascii=False).encode())
    original = Path.open

    class Trickle:
        """A stream that gives a few bytes at a time, as a pipe or a slow disk may."""

        def __init__(self, stream: Any) -> None:
            self.stream = stream

        def __enter__(self) -> "Trickle":
            return self

        def __exit__(self, *_: object) -> None:
            self.stream.close()

        def read(self, n: int) -> bytes:
            return bytes(self.stream.read(min(n, block)))

    monkeypatch.setattr(Path, "open", lambda self, *a, **k: Trickle(original(self, *a, **k)))
    chunks = list(read_json_array(path, 3))
    assert [record for chunk in chunks for record in chunk.records] == ROWS * 5
    assert not any(chunk.problems or chunk.notes for chunk in chunks)


def test_lines_are_those_on_which_elements_start(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'[\n{"i": 1},\n\n  {"i":\n 2}, {"i": 3}\n]\n')
    (chunk,) = read_json_array(path, 10)
    assert chunk.lines == [2, 4, 5]
