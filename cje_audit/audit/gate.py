"""The gate before training or evaluation: one dataset, checked where it lies, with its manifest."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from cje_audit.checks.build import row_check
from cje_audit.checks.dataset import check_dataset
from cje_audit.checks.faults import audit_column
from cje_audit.checks.frame import Column, Rows
from cje_audit.checks.judge import audit_scores, check_judge
from cje_audit.checks.logging_policy import EMPTY, RESPONSES
from cje_audit.checks.logprob_column import check_logprob_column
from cje_audit.checks.manifest import CHECK as MANIFEST
from cje_audit.checks.manifest import manifest
from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.domain.errors import InputError, StoreError
from cje_audit.domain.quality import QualityFigure
from cje_audit.formats.dataset import Imported, read_dataset
from cje_audit.formats.options import ImportOptions
from cje_audit.numerics.weights import log_ratio
from cje_audit.report.quality import Margin, Material, margin, quality_figures
from cje_audit.stages.columns import as_floats, as_objects, build_rows, text_features
from cje_audit.stages.dataset import dataset_facts, metrics_of, sample_frame
from cje_audit.stages.manifest import manifest_facts
from cje_audit.stages.provenance import git_commit
from cje_audit.stages.quality import text_figures_of
from cje_audit.version import __version__

SUFFIXES = (".jsonl", ".ndjson", ".csv", ".tsv", ".parquet", ".pq", ".eval")
DECIMALS = 6


@dataclass(frozen=True)
class Gated:
    """What the gate found: the checks, the figures of quality, and the manifest it wrote, if it did."""

    checks: tuple[Check, ...]
    quality: tuple[QualityFigure, ...]
    written: Path | None = None

    @property
    def is_open(self) -> bool:
        """Whether no check fails."""
        return all(c.status is not CheckStatus.FAIL for c in self.checks)


def gate(
    dataset: Path, options: ImportOptions, *, strict: bool = False, write: Path | None = None,
    manifest_path: Path | None = None, commit: str | None = None,
) -> Gated:  # fmt: skip
    """Check a dataset (a file, or a folder of files) and its manifest; write a new manifest if nothing else fails.

    The manifest is `manifest_path`, else `NAME.manifest.json` or `manifest.json` beside the data. `commit` is that of
    the code which made the data; without it, a new manifest names the checkout the data lies in, or the engine's.

    Raises
    ------
    InputError
        When there is no such dataset or it cannot be read at all.
    StoreError
        When the manifest cannot be written.
    """
    files = data_files(dataset)
    imported = read_dataset(files, options)
    sample = text_features(sample_frame(imported.rows))
    content, quality = _content(imported, sample, options)
    metrics = metrics_of(imported, sample) | {k: v for figure in quality for k, v in figure.metrics.items()}
    written = None
    if write is not None and all(c.status is not CheckStatus.FAIL for c in content):
        written = _write(write, new_manifest(files, metrics, commit))
    told = manifest_facts(written or manifest_path or beside(dataset), files, metrics)
    return Gated((*content, manifest(told, gate=True, strict=strict)), quality, written)


def data_files(dataset: Path) -> list[Path]:
    """Return the files of a dataset.

    Raises
    ------
    InputError
        When there are none.
    """
    files = [dataset] if dataset.is_file() else sorted(p for p in dataset.glob("*") if p.suffix in SUFFIXES)
    if not files:
        raise InputError(
            f"There is no dataset {dataset}.",
            expected="a data file, or a folder with data files",
            got=str(dataset),
            what_to_do="Check the path.",
        )
    return files


def beside(dataset: Path) -> Path | None:
    """Return the manifest that lies beside the data, None where there is none."""
    if dataset.is_dir():
        places = [dataset / "manifest.json"]
    else:
        names = (f"{dataset.name}.manifest.json", f"{dataset.stem}.manifest.json", "manifest.json")
        places = [dataset.parent / name for name in names]
    return next((p for p in places if p.is_file()), None)


def _content(
    imported: Imported, sample: pl.DataFrame, options: ImportOptions
) -> tuple[list[Check], tuple[QualityFigure, ...]]:
    """Return the checks that the content alone allows, and the figures; a column not there is not asked for."""
    rows, facts = build_rows(sample), dataset_facts(imported, sample)
    columns = _columns(imported, rows)
    checks = [
        *(c for c in check_dataset(facts, rows) if c.id != MANIFEST),
        row_check(RESPONSES, rows, ~rows.has_response),
        row_check(EMPTY, rows, rows.has_response & rows.blank_response),
        *_logprob_checks(columns, rows),
        *_judge_checks(imported.rows, rows, options),
    ]
    material = Material(rows, facts.marks, text_figures_of(sample), _margins(columns, rows))
    return checks, quality_figures(material, checks)


Columns = Mapping[str | None, Column]


def _columns(imported: Imported, rows: Rows) -> Columns:
    """Return every log-prob column that holds anything, by policy, the logging policy's under None."""
    names: dict[str | None, tuple[str, str]] = {None: ("logging_logprob", "logging_code")}
    names |= {p: (f"target_logprob:{p}", f"target_code:{p}") for p in imported.policies}
    frame = imported.rows
    return {
        policy: audit_column(rows, as_floats(frame[value]), as_objects(frame[code]))
        for policy, (value, code) in names.items()
        if value in frame.columns and frame[value].is_not_null().any()
    }


def _logprob_checks(columns: Columns, rows: Rows) -> list[Check]:
    found: list[Check] = []
    for policy, column in columns.items():
        stage = "logging_policy" if policy is None else "target_policy"
        found += check_logprob_column(stage, rows, column, policy)
    return found


def _margins(columns: Columns, rows: Rows) -> dict[str, Margin]:
    logging, chars = columns.get(None), rows.response_chars.astype(np.float64)
    if logging is None:
        return {}
    return {
        policy: margin(log_ratio(column.values, logging.values), rows.response_tokens, chars)
        for policy, column in columns.items()
        if policy is not None
    }


def _judge_checks(frame: pl.DataFrame, rows: Rows, options: ImportOptions) -> list[Check]:
    if not frame["judge_score"].is_not_null().any():
        return []
    scores = audit_scores(rows, as_floats(frame["judge_score"]), as_objects(frame["judge_code"]), options.judge_scale)
    labels = as_floats(frame["oracle_label"])
    oracle = Column(labels, as_objects(frame["oracle_code"]), labels) if not np.isnan(labels).all() else None
    wanted = ("judge.range", "judge.sentinel_scores", "judge.constant", "judge.oracle_leak", "judge.single_judge")
    return [c for c in check_judge(rows, scores, oracle, options.judge_scale) if c.id in wanted]


def new_manifest(
    files: Sequence[Path], metrics: Mapping[str, float | None], commit: str | None = None
) -> dict[str, object]:
    """Return the manifest of a dataset that was just checked."""
    told = manifest_facts(None, files, dict(metrics))
    return {
        "schema": "cje-audit/manifest/1",
        "loader_version": f"cje-audit {__version__}",
        "git_commit": commit or commit_of(files[0].resolve().parent) or git_commit(),
        "sha256": told.sha256[0],
        "file_sha256": dict(told.files),
        "qc_metrics": {k: _plain(v) for k, v in metrics.items() if v is not None},
    }


def _plain(value: float) -> float | int:
    return int(value) if value.is_integer() and abs(value) >= 2 else round(value, DECIMALS)


def commit_of(folder: Path) -> str | None:
    """Return the commit of the checkout a folder lies in, None outside of one."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


def _write(path: Path, document: Mapping[str, object]) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"The manifest {path} cannot be written: {error.strerror}.", what_to_do="Check the path."
        ) from error
    return path
