"""What the two log-prob stages share: from reported or asked values to checked rows of the `logprob` table."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from cje_audit.checks.faults import audit_column
from cje_audit.checks.frame import Column, Rows
from cje_audit.domain.policy import Policy
from cje_audit.domain.results import LogProbResult
from cje_audit.providers.base import Provider
from cje_audit.stages.asking import Asked, Asker
from cje_audit.stages.base import StageContext
from cje_audit.stages.columns import as_floats, as_objects, details, nullable, status, strings
from cje_audit.stages.dataset import IMPORTED
from cje_audit.store.answers import Question


@dataclass(frozen=True)
class Scored:
    """One policy's checked column and its rows for the `logprob` table."""

    column: Column
    frame: pl.DataFrame
    from_stored_answers: bool = False


def imported_scores(context: StageContext, rows: Rows, policy: str, stage: str) -> Scored:
    """Return a column that the imported file reported, after the row-level checks."""
    names = pl.read_parquet_schema(context.folder / IMPORTED)
    prefix, suffix = ("logging_", "") if stage == "logging_policy" else ("target_", f":{policy}")
    wanted = {part: f"{prefix}{part}{suffix}" for part in ("logprob", "code", "detail", "token_logprobs")}
    present = [c for c in (*wanted.values(), "tokens", "n_tokens") if c in names]
    frame = pl.read_parquet(context.folder / IMPORTED, columns=present)
    column = audit_column(rows, as_floats(frame[wanted["logprob"]]), as_objects(frame[wanted["code"]]))
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
    return Scored(column, table)


def asked_scores(
    context: StageContext,
    asker: Asker,
    provider: Provider,
    policy: Policy,
    rows: Rows,
    sample: pl.DataFrame,
    stage: str,
) -> Scored:
    """Teacher-force every response through one policy and return the checked column.

    The end token is scored exactly for responses that ended by themselves (`finish_reason` is stop).
    """
    version = provider.scorer_version
    replicate = 1 if policy.role == "clone" else 0
    identity = policy.identity_hash()
    todo = sample.filter(pl.col("response").is_not_null()).select(
        "row", "row_id", "prompt", "response", "finish_reason"
    )
    context.progress.total(todo.height)
    items = list(todo.iter_rows(named=True))
    texts = [(r["prompt"], r["response"], r["finish_reason"] == "stop") for r in items]
    questions = [
        Question("logprobs", identity, version, replicate, text, stage, policy.name, r["row_id"])
        for text, r in zip(texts, items, strict=True)
    ]

    async def ask(index: int) -> object:
        prompt, response, ended = texts[index]
        return await provider.logprobs(policy, prompt, response, ended=ended)

    asked = asker.ask_all(questions, ask)
    by_row = {items[i]["row"]: answer for i, answer in enumerate(asked)}
    reused = all(a.reused for a in asked) and bool(asked)
    return _from_answers(rows, by_row, sample, policy.name, stage, reused)


def _from_answers(
    rows: Rows, by_row: Mapping[int, Asked], sample: pl.DataFrame, policy: str, stage: str, reused: bool
) -> Scored:
    reported = np.full(rows.n, np.nan)
    codes = np.full(rows.n, None, dtype=object)
    results: list[LogProbResult | None] = [None] * rows.n
    missing = as_objects(sample["response_code"])
    codes[:] = np.where(missing == None, "empty_response", missing)  # noqa: E711
    for row, answer in by_row.items():
        result = answer.result
        results[row] = result  # type: ignore[assignment]  # asked with kind logprobs
        codes[row] = None if result.is_ok else str(result.code)
        if result.is_ok:
            reported[row] = result.unwrap()
    column = audit_column(rows, reported, codes)
    given = strings([None if r is None else r.detail for r in results])
    table = _table(
        column,
        policy,
        stage,
        detail=details(column, given),
        n_tokens=pl.Series([None if r is None or not r.is_ok else len(r.tokens) for r in results], dtype=pl.Int32),
        tokens=pl.Series(
            [None if r is None or not r.is_ok else list(r.tokens) for r in results], dtype=pl.List(pl.String)
        ),
        token_logprobs=pl.Series(
            [None if r is None or not r.is_ok else list(r.token_logprobs) for r in results], dtype=pl.List(pl.Float64)
        ),
    )
    asked = {row: (a.attempts, a.key) for row, a in by_row.items()}
    table = table.with_columns(
        attempts=pl.Series([asked[i][0] if i in asked else None for i in range(rows.n)], dtype=pl.Int32),
        answer_key=pl.Series([asked[i][1] if i in asked else None for i in range(rows.n)], dtype=pl.String),
        ends_with_stop=pl.Series(
            [None if r is None or not r.is_ok else r.ends_with_stop for r in results], dtype=pl.Boolean
        ),
    )
    return Scored(column, table, from_stored_answers=reused)


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
