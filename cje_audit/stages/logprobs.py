"""What the two log-prob stages share: from reported or asked values to checked rows of the `logprob` table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from cje_audit.checks.faults import audit_column
from cje_audit.checks.frame import Column, Rows
from cje_audit.domain.policy import Policy
from cje_audit.domain.results import LogProbResult
from cje_audit.stages.asking import Asked, Asker
from cje_audit.stages.base import StageContext
from cje_audit.stages.columns import as_floats, as_objects, details, nullable, status, strings
from cje_audit.stages.dataset import IMPORTED
from cje_audit.stages.rescoring import Anew, ask_logprobs, merged, rescore_logprobs


@dataclass(frozen=True)
class Scored:
    """One policy's checked column and its rows for the `logprob` table."""

    column: Column
    frame: pl.DataFrame
    from_stored_answers: bool = False
    note: str | None = None


def imported_scores(context: StageContext, rows: Rows, policy: str, stage: str) -> Scored:
    """Return a column that the imported file reported, after the row-level checks and what was asked anew."""
    names = pl.read_parquet_schema(context.folder / IMPORTED)
    prefix, suffix = ("logging_", "") if stage == "logging_policy" else ("target_", f":{policy}")
    wanted = {part: f"{prefix}{part}{suffix}" for part in ("logprob", "code", "detail", "token_logprobs")}
    present = [c for c in (*wanted.values(), "tokens", "n_tokens") if c in names]
    frame = pl.read_parquet(context.folder / IMPORTED, columns=present)
    given = as_floats(frame[wanted["logprob"]]), as_objects(frame[wanted["code"]])
    column = audit_column(rows, *given)
    anew = rescore_logprobs(context, rows, policy, stage, column)
    column = column if anew is None else merged(column, given, anew.values(), lambda *told: audit_column(rows, *told))
    empty = pl.Series([None], dtype=pl.List(pl.Float64)).new_from_index(0, rows.n)
    words = pl.Series([None], dtype=pl.List(pl.String)).new_from_index(0, rows.n)
    table = _table(
        column,
        policy,
        stage,
        detail=details(column, frame[wanted["detail"]]),
        n_tokens=frame["n_tokens"].cast(pl.Int32),
        tokens=frame["tokens"] if "tokens" in names else words,
        token_logprobs=frame[wanted["token_logprobs"]] if wanted["token_logprobs"] in names else empty,
    )
    return Scored(column, table) if anew is None else Scored(column, _with_answers(table, anew), note=anew.note)


def _with_answers(table: pl.DataFrame, anew: Anew) -> pl.DataFrame:
    """Write what was answered, and by whom, in the place of what the file had for these rows."""
    answered = pl.DataFrame([_answered(row, a) for row, a in anew.answers.items()], schema=ANSWERED, orient="row")
    answered = answered.with_columns(pl.coalesce("detail", pl.lit(f"asked of {anew.source}")).alias("detail"))
    kept = table.filter(~pl.col("row").is_in(answered["row"].to_list()))
    told = table.select("row", "policy", "stage", "status", "code", "value").join(answered, on="row", how="inner")
    return pl.concat([kept, told], how="diagonal").sort("row")


def asked_scores(
    context: StageContext,
    asker: Asker,
    policy: Policy,
    rows: Rows,
    sample: pl.DataFrame,
    stage: str,
) -> Scored:
    """Teacher-force every response through one policy and return the checked column.

    The end token is scored exactly for responses that ended by themselves (`finish_reason` is stop).
    """
    todo = sample.filter(pl.col("response").is_not_null())
    context.progress.total(todo.height)
    asked = ask_logprobs(asker, policy, todo, stage)
    return _from_answers(rows, todo["row"].to_list(), asked, sample, policy.name, stage)


def _from_answers(
    rows: Rows, places: Sequence[int], asked: Sequence[Asked], sample: pl.DataFrame, policy: str, stage: str
) -> Scored:
    """Build the column and its rows from answers, in parts, so that only one part is ever held as Python objects."""
    missing = as_objects(sample["response_code"])
    codes = np.where(missing == None, "empty_response", missing)  # noqa: E711
    reported = np.full(rows.n, np.nan)
    parts = [pl.DataFrame(schema=ANSWERED)]
    reused = bool(places)
    answers = iter(asked)
    for start in range(0, len(places), PART):
        part = list(zip(places[start : start + PART], answers, strict=False))
        for row, answer in part:
            reported[row] = answer.result.value if answer.result.is_ok else np.nan
            codes[row] = None if answer.result.code is None else str(answer.result.code)
            reused = reused and answer.reused
        parts.append(pl.DataFrame([_answered(row, answer) for row, answer in part], schema=ANSWERED, orient="row"))
    column = audit_column(rows, reported, codes)
    every = pl.DataFrame({"row": pl.int_range(rows.n, dtype=pl.Int32, eager=True)})
    told = every.join(pl.concat(parts), on="row", how="left", maintain_order="left")
    table = _table(
        column, policy, stage, detail=details(column, told["detail"]), n_tokens=told["n_tokens"],
        tokens=told["tokens"], token_logprobs=told["token_logprobs"],
    )  # fmt: skip
    kept = [told[name] for name in ("attempts", "answer_key", "ends_with_stop", "before")]
    return Scored(column, table.with_columns(kept), reused)


PART = 2000
ANSWERED: dict[str, Any] = {
    "row": pl.Int32, "detail": pl.String, "n_tokens": pl.Int32, "tokens": pl.List(pl.String),
    "token_logprobs": pl.List(pl.Float64), "attempts": pl.Int32, "answer_key": pl.String, "ends_with_stop": pl.Boolean,
    "before": pl.String,
}  # fmt: skip


def _answered(row: int, answer: Asked) -> tuple[object, ...]:
    result = answer.result
    if not isinstance(result, LogProbResult) or not result.is_ok:
        return (row, result.detail, None, None, None, answer.attempts, answer.key, None, None)
    tokens, values = list(result.tokens), list(result.token_logprobs)
    asked = (answer.attempts, answer.key, result.ends_with_stop, result.before)
    return (row, result.detail, len(tokens), tokens, values, *asked)


def _table(
    column: Column,
    policy: str,
    stage: str,
    *,
    detail: pl.Series,
    n_tokens: pl.Series,
    tokens: pl.Series,
    token_logprobs: pl.Series,
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "row": pl.int_range(len(column.values), dtype=pl.Int32, eager=True),
            "policy": pl.Series([policy], dtype=pl.String).new_from_index(0, len(column.values)),
            "stage": pl.Series([stage], dtype=pl.String).new_from_index(0, len(column.values)),
            "status": status(column),
            "code": strings(column.codes),
            "detail": detail,
            "value": nullable(column.values),
            "n_tokens": n_tokens,
            "tokens": tokens,
            "token_logprobs": token_logprobs,
        }
    )
