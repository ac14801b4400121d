"""How a file is cut into chunks while it is read changes nothing that is read."""

from pathlib import Path

import pytest

from cje_audit.formats import dataset
from tests.conftest import synthetic_rows
from tests.formats.builders import bad_lines, jsonl, read


@pytest.mark.parametrize("rows", [1, 7, 64])
def test_the_size_of_the_chunks_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    made = synthetic_rows(150, seed=5)
    made[10]["judge_score"] = None
    data = jsonl(*made[:40], "{broken", *made[40:], made[19])
    whole = read(tmp_path, "rows.jsonl", data)
    monkeypatch.setattr(dataset, "CHUNK_ROWS", rows)
    pieces = read(tmp_path, "rows.jsonl", data)
    assert whole.rows.height == 150
    assert len(bad_lines(whole)) == 1
    assert pieces.rows.equals(whole.rows)
    assert pieces.quarantine.equals(whole.quarantine)
