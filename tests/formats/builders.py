"""Rows in the arena layout, and how to write them as each format."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import polars as pl

from cje_audit.formats.dataset import Imported, read_dataset
from cje_audit.formats.options import ImportOptions


def arena_row(i: int, **changed: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "prompt": f"Question {i}?",
        "response": f"Answer {i}, which is long enough to be text.",
        "base_policy_logprob": -20.0 - i,
        "target_policy_logprobs": {"clone": -20.0 - i, "cot": -21.5 - i},
        "metadata": {"prompt_id": f"q{i}"},
        "judge_score": 0.5,
        "oracle_label": 0.25,
    }
    row |= changed
    return {k: v for k, v in row.items() if v is not ...}


def jsonl(*rows: Any, end: str = "\n") -> bytes:
    """Write rows as lines; bytes and text go in as they are."""
    lines = [r if isinstance(r, bytes) else (r if isinstance(r, str) else json.dumps(r)).encode() for r in rows]
    return b"".join(line + end.encode() for line in lines)


def flat_row(i: int, **changed: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "prompt_id": f"q{i}", "prompt": f"Question {i}?", "response": f"Answer {i}", "base_policy_logprob": -20.0 - i,
        "target_policy_logprobs.clone": -20.0 - i, "target_policy_logprobs.cot": -21.5 - i, "judge_score": 0.5, "oracle_label": 0.25,
    }  # fmt: skip
    return row | changed


def csv_bytes(rows: list[dict[str, Any]], delimiter: str = ",", end: str = "\n") -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def read(folder: Path, name: str, data: bytes, **options: Any) -> Imported:
    path = folder / name
    path.write_bytes(data)
    return read_dataset([path], ImportOptions(**options))


def bad_lines(imported: Imported) -> list[tuple[int, str]]:
    return list(imported.quarantine.select("line", "code").iter_rows())


def cells(imported: Imported, *columns: str) -> list[tuple[Any, ...]]:
    return list(imported.rows.select([pl.col(c) for c in columns]).iter_rows())
