"""Read a dataset's manifest, and measure on the data what a manifest says."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from cje_audit.checks.dataset import CUT_REASONS
from cje_audit.checks.manifest import ManifestFacts
from cje_audit.store.files import hash_files


def manifest_facts(path: Path | None, data: Sequence[Path], metrics: dict[str, float | None]) -> ManifestFacts:
    """Return what the check needs: the manifest's content, the hashes of the data, and its metrics.

    One file may be named by its own SHA-256, several by the one of all files in order.
    """
    document, unreadable = _read(path) if path is not None else (None, None)
    each = file_hashes(data)
    whole = hash_files(data)
    names = (whole,) if len(data) != 1 or not data[0].is_file() else (next(iter(each.values())), whole)
    return ManifestFacts(document, names, metrics, unreadable, files=each)


def _read(path: Path) -> tuple[dict[str, Any] | None, str | None]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        return None, str(error).rstrip(".")
    return (document, None) if isinstance(document, dict) else (None, "it is not a JSON object")


def file_hashes(data: Sequence[Path]) -> dict[str, str]:
    """Return each file's own SHA-256 by its name."""
    found = {}
    for path in data:
        if path.is_file():
            with path.open("rb") as stream:
                found[path.name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found


def qc_metrics(sample: pl.DataFrame, labels: pl.Series, n_lines: int, n_duplicates: int) -> dict[str, float | None]:
    """Return the quality-control figures of a dataset from its `sample` table; None where a figure is unknown."""
    n = sample.height
    marks = sample.select(
        n_prompts=pl.col("prompt_id").n_unique(),
        mean_response_chars=pl.col("response_chars").mean(),
        mean_response_tokens=pl.col("n_tokens").mean(),
        truncation_share=pl.col("finish_reason").is_in(CUT_REASONS).mean(),
        template_share=pl.col("control_token").is_not_null().mean(),
        role_marker_share=pl.col("role_marker").mean(),
        runaway_share=(pl.col("invented_turn") | pl.col("loop")).mean(),
        blank_share=pl.col("blank").mean(),
    ).row(0, named=True)
    return {
        "n_rows": float(n),
        "n_lines": float(n_lines),
        "n_exact_duplicates": float(n_duplicates),
        "n_quarantined": float(n_lines - n_duplicates - n),
        "labelled_share": float(labels.is_not_null().mean()) if n else None,  # type: ignore[arg-type]
        **{name: None if value is None else float(value) for name, value in marks.items()},
    }
