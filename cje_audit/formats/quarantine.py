"""Lines that are no rows, as a table: where, why, and how they begin."""

from collections.abc import Iterable

import polars as pl

from cje_audit.domain.codes import FailureCode
from cje_audit.formats.chunks import Problem
from cje_audit.formats.limits import EXCERPT_CHARS

SCHEMA = {"source": pl.String, "line": pl.Int64, "reason": pl.String, "code": pl.String, "excerpt": pl.String}


def quarantine_frame(problems: Iterable[Problem], source: str) -> pl.DataFrame:
    """Return the problems of one file as a table."""
    rows = [(source, p.line, p.reason, p.code.value, p.excerpt) for p in problems]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def row_excerpt() -> pl.Expr:
    """Return the start of a row that had parsed, at most 200 characters."""
    return pl.format("prompt_id: {}, prompt: {}", "prompt_id", "prompt").str.slice(0, EXCERPT_CHARS)


def without_response(rows: pl.DataFrame, *, needed: bool = False) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split off rows that have no response where other rows do.

    Where none has any, all are prompts to be run, unless responses are `needed`.
    """
    missing = rows["response"].is_null()
    if not missing.any() or (missing.all() and not needed):
        return rows, pl.DataFrame(schema=SCHEMA)
    bad = rows.filter(missing).select(
        "source",
        "line",
        pl.format("Line {} has no response.", "line").alias("reason"),
        pl.lit(FailureCode.SCHEMA.value).alias("code"),
        row_excerpt().alias("excerpt"),
    )
    return rows.filter(~missing), bad
