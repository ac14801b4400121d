"""From the sample table to the figures of quality, and from those to their own table."""

from typing import Any

import numpy as np
import polars as pl

from cje_audit.domain.quality import QualityFigure
from cje_audit.domain.report import Report
from cje_audit.report.facts import TextFigures
from cje_audit.stages.columns import as_floats

SCHEMA: dict[str, Any] = {
    "position": pl.Int32, "name": pl.String, "policy": pl.String, "status": pl.String, "check": pl.String,
    "sentence": pl.String, "n": pl.Int64, "n_total": pl.Int64, "n_affected": pl.Int64, "unit": pl.String,
    "edges": pl.List(pl.Float64), "labels": pl.List(pl.String), "counts": pl.List(pl.Int64), "low": pl.Float64,
    "p05": pl.Float64, "p50": pl.Float64, "p95": pl.Float64, "high": pl.Float64, "mean": pl.Float64,
    "example_ids": pl.List(pl.String),
}  # fmt: skip


def text_figures_of(sample: pl.DataFrame) -> TextFigures:
    """Return what was measured on the texts of a sample table."""
    return TextFigures(sample["prompt_chars"].to_numpy().astype(np.int64), as_floats(sample["repetition"]))


def quality_frame(report: Report) -> pl.DataFrame:
    """Return the `quality` table: one row per figure, its distribution as lists."""
    return pl.DataFrame([_row(i, figure) for i, figure in enumerate(report.quality)], schema=SCHEMA)


def _row(position: int, figure: QualityFigure) -> dict[str, object]:
    told = figure.model_dump(mode="json", exclude={"metrics", "distribution"})
    shape = figure.distribution
    if shape is not None:
        told |= {"unit": shape.unit, "edges": shape.edges, "labels": shape.labels, "counts": shape.counts}
        if shape.spread is not None:
            spread = shape.spread.model_dump()
            told |= {"low": spread.pop("min"), "high": spread.pop("max"), **spread}
    return {"position": position, **told}
