"""The judge stage: a score per response on the declared scale, and the oracle labels the experiment may see."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from cje_audit.checks.frame import Codes, Column, Floats, Rows
from cje_audit.checks.judge import audit_scores, check_judge
from cje_audit.checks.judge_atoms import Evidence
from cje_audit.domain.backups import BackupUse, two_judges
from cje_audit.domain.experiment import Experiment
from cje_audit.domain.import_spec import RunSpec
from cje_audit.numerics.draw_noise import DrawNoise, draw_noise
from cje_audit.stages.asking import Asked, Asker
from cje_audit.stages.base import StageContext, StageOutcome
from cje_audit.stages.columns import (
    as_floats,
    as_objects,
    details,
    nullable,
    read_label_frame,
    read_logprobs,
    read_rows,
    read_texts,
    status,
    strings,
)
from cje_audit.stages.dataset import IMPORTED
from cje_audit.stages.fresh import ask_fresh_draws
from cje_audit.stages.judge_asking import ToJudge, ask_judge, n_requests
from cje_audit.stages.rescoring import Anew, merged, rescore_judge
from cje_audit.stages.second_judge import ask_labels, in_slice, n_label_requests
from cje_audit.store.tables import TableWrite

STAGE = "judge"


def run(context: StageContext) -> StageOutcome:
    """Score every response, take the visible labels, and check both."""
    rows, sample = read_rows(context.tables)
    scale = judge_scale(context.spec)
    backups: list[BackupUse] = []
    if isinstance(context.spec, Experiment) and context.spec.judge.kind != "recorded":
        column, judgement, anew = *_asked(context, context.spec, rows, sample, backups), None
    else:
        context.progress.total(rows.n)
        column, judgement, anew = _recorded(context, rows, scale)
    oracle, labels = _labels(context, rows, sample)
    writes = [TableWrite("judgement", judgement), TableWrite("oracle_label", labels), *_fresh(context, backups)]
    return StageOutcome(
        n_in=rows.n,
        n_ok=column.n_ok,
        n_failed=rows.n - column.n_ok,
        writes=writes,
        checks={STAGE: check_judge(rows, column, oracle, scale, _noise(judgement), two_judges(backups))},
        facts={
            "rescoring": [] if anew is None else [anew.note],
            "backups": [use.model_dump() for use in backups],
        },
    )


def _noise(judgement: pl.DataFrame) -> DrawNoise | None:
    told = judgement.filter(pl.col("score").is_not_null())
    return draw_noise(as_floats(told["score"]), told["row"].to_numpy().astype(np.int64))


def _fresh(context: StageContext, backups: list[BackupUse]) -> list[TableWrite]:
    """Return the fresh draws of a launched run that asks for some."""
    spec = context.spec
    if not isinstance(spec, Experiment) or not spec.fresh_draws.per_prompt:
        return []
    prompts = context.tables.read('select prompt_id, prompt from sample order by "row"')
    with Asker(context, spec.execution) as asker:
        frame = ask_fresh_draws(context, asker, spec, prompts, STAGE)
        backups += asker.backups
    return [TableWrite("fresh_draw", frame)]


def judge_scale(spec: RunSpec) -> tuple[float, float]:
    """Return the declared scale of the judge."""
    return spec.judge.scale if isinstance(spec, Experiment) else spec.judge_scale


def _recorded(
    context: StageContext, rows: Rows, scale: tuple[float, float]
) -> tuple[Column, pl.DataFrame, Anew | None]:
    frame = pl.read_parquet(
        context.folder / IMPORTED, columns=["judge_score", "judge_code", "judge_detail", "judge_text"]
    )
    given, evidence = (as_floats(frame["judge_score"]), as_objects(frame["judge_code"])), _evidence(context, rows)

    def audited(values: Floats, codes: Codes) -> Column:
        return audit_scores(rows, values, codes, scale, evidence)

    column = audited(*given)
    anew = rescore_judge(context, rows, STAGE, column, scale)
    column = column if anew is None else merged(column, given, anew.values(), audited)
    table = pl.DataFrame(
        {
            "row": pl.int_range(rows.n, dtype=pl.Int32, eager=True),
            "draw": pl.Series([0], dtype=pl.Int32).new_from_index(0, rows.n),
            "status": status(column),
            "code": strings(column.codes),
            "detail": details(column, frame["judge_detail"]),
            "score": nullable(column.values),
            "raw": frame["judge_text"],
        }
    )
    return column, table if anew is None else _with_answers(table, anew), anew


def _with_answers(table: pl.DataFrame, anew: Anew) -> pl.DataFrame:
    """Write what the judge said anew, in the place of what the file had for these rows."""
    told = [_judged(row, 0, asked) | {"detail": asked.result.detail} for row, asked in anew.answers.items()]
    said = pl.DataFrame(told, schema=JUDGEMENT).select("row", "raw", "attempts", "answer_key", anew=pl.lit(True))
    joined = table.join(said, on="row", how="left", suffix="_anew", maintain_order="left")
    return joined.with_columns(
        raw=pl.when("anew").then("raw_anew").otherwise("raw"),
        detail=pl.when("anew").then(pl.lit(f"asked of {anew.source}")).otherwise("detail"),
    ).drop("raw_anew", "anew")


def _evidence(context: StageContext, rows: Rows) -> Evidence:
    """Return what recorded scores are held against: labels, nats per character under the logging policy, length."""
    labels = as_floats(pl.read_parquet(context.folder / IMPORTED, columns=["oracle_label"])["oracle_label"])
    logging = read_logprobs(context.tables, str(context.facts("dataset")["logging_name"]), rows.n)
    chars = np.where(rows.response_chars > 0, rows.response_chars, np.nan)
    return Evidence((labels, logging.values / chars, chars))


def _asked(
    context: StageContext, spec: Experiment, rows: Rows, sample: pl.DataFrame, backups: list[BackupUse]
) -> tuple[Column, pl.DataFrame]:
    todo = read_texts(context.tables).filter(pl.col("response").is_not_null())
    items = [ToJudge(r["prompt_id"], r["prompt"], r["response"], r["row_id"]) for r in todo.iter_rows(named=True)]
    context.progress.total(n_requests(spec.judge, items))
    places = [(row, draw) for row in todo["row"] for draw in range(spec.judge.draws)]
    with Asker(context, spec.execution) as asker:
        table = _judgement_frame(places, ask_judge(asker, spec, items, STAGE), sample)
        backups += asker.backups
    return _mean_column(table, rows.n), table


def _judgement_frame(places: list[tuple[int, int]], asked: Iterator[Asked], sample: pl.DataFrame) -> pl.DataFrame:
    answered = [_judged(row, draw, a) for (row, draw), a in zip(places, asked, strict=True)]
    unasked = [
        {"row": row, "draw": 0, "status": "failed", "code": code, "detail": "there is no response to judge"}
        for row, code in sample.filter(pl.col("response_chars").is_null()).select("row", "response_code").iter_rows()
    ]
    return pl.DataFrame(answered + unasked, schema=JUDGEMENT).sort("row", "draw")


JUDGEMENT = {
    "row": pl.Int32, "draw": pl.Int32, "status": pl.String, "code": pl.String, "detail": pl.String,
    "score": pl.Float64, "raw": pl.String, "attempts": pl.Int32, "answer_key": pl.String,
}  # fmt: skip


def _judged(row: int, draw: int, asked: Asked) -> dict[str, object]:
    result = asked.result
    return {
        "row": row,
        "draw": draw,
        "status": str(result.status),
        "code": None if result.code is None else str(result.code),
        "detail": result.detail,
        "score": result.value,
        "raw": getattr(result, "raw", None),
        "attempts": asked.attempts,
        "answer_key": asked.key or None,
    }


def _mean_column(table: pl.DataFrame, n: int) -> Column:
    means = table.group_by("row").agg(pl.col("score").mean(), pl.col("code").drop_nulls().first()).sort("row")
    values = np.full(n, np.nan)
    values[means["row"].to_numpy()] = as_floats(means["score"])
    codes = np.full(n, None, dtype=object)
    codes[means["row"].to_numpy()] = as_objects(means["code"])
    codes[~np.isnan(values)] = None
    return Column(values=values, codes=codes, reported=values.copy())


def _labels(context: StageContext, rows: Rows, sample: pl.DataFrame) -> tuple[Column | None, pl.DataFrame]:
    """Return the labels inside the declared slice; rows outside it have none, and none is made up."""
    spec = context.spec
    if isinstance(spec, Experiment) and spec.oracle.judge is not None:
        table = _by_second_judge(context, spec)
    else:
        table = _from_data(context, sample)
    column = read_label_frame(table, rows.n)
    return (column if column.n_ok else None), table


def _from_data(context: StageContext, sample: pl.DataFrame) -> pl.DataFrame:
    frame = pl.read_parquet(context.folder / IMPORTED, columns=["oracle_label", "oracle_code"])
    values, codes = as_floats(frame["oracle_label"]), as_objects(frame["oracle_code"])
    if isinstance(context.spec, Experiment):
        hidden = ~in_slice(sample["prompt_id"], context.spec.oracle.slice, context.spec.oracle.seed)
        values[hidden], codes[hidden] = np.nan, "no_score"
    return pl.DataFrame(
        {
            "row": pl.int_range(len(values), dtype=pl.Int32, eager=True),
            "label": nullable(values),
            "status": pl.Series(np.where(np.isnan(values), "failed", "ok"), dtype=pl.String),
            "code": strings(codes),
        }
    ).filter((pl.col("code") != "no_score") | pl.col("code").is_null())


LABELS = {
    "row": pl.Int32, "label": pl.Float64, "status": pl.String, "code": pl.String, "detail": pl.String,
    "raw": pl.String, "attempts": pl.Int32,
}  # fmt: skip


def _by_second_judge(context: StageContext, spec: Experiment) -> pl.DataFrame:
    """Have the second judge label the responses of the slice."""
    todo = read_texts(context.tables).filter(pl.col("response").is_not_null())
    items = [ToJudge(r["prompt_id"], r["prompt"], r["response"], r["row_id"]) for r in todo.iter_rows(named=True)]
    context.progress.total(n_label_requests(spec, items))
    with Asker(context, spec.execution) as asker:
        labels = ask_labels(asker, spec, items, STAGE)
    row_of = dict(zip(todo["row_id"], todo["row"], strict=True))
    found = [
        {
            "row": row_of[row_id], "label": label.value, "status": "failed" if label.value is None else "ok",
            "code": label.code, "detail": label.detail, "raw": label.raw, "attempts": label.attempts,
        }
        for row_id, label in labels.items()
    ]  # fmt: skip
    return pl.DataFrame(found, schema=LABELS).sort("row")
