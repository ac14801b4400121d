"""From stored tables to the plain columns that checks and estimators look at, and back."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from cje_audit.checks.dataset import UNFINISHED_OK
from cje_audit.checks.frame import Bools, Codes, Column, Floats, Ints, Rows
from cje_audit.numerics.draw_noise import DrawNoise, draw_noise
from cje_audit.stages.text_figures import text_figures
from cje_audit.stages.text_marks import text_marks
from cje_audit.store.tables import RunTables


def text_features(sample: pl.DataFrame) -> pl.DataFrame:
    """Add what checks need to know of the texts, so that later stages need not read them again.

    `cluster` numbers the prompt ids, `text_key` is equal exactly when prompt and response are, `ends_open` says that
    the last visible character closes no sentence; the rest are `text_marks` and `text_figures`.
    """
    last = pl.col("response").str.strip_chars_end().str.slice(-1)
    return text_figures(text_marks(sample)).with_columns(
        cluster=pl.col("prompt_id").rank("dense").cast(pl.Int64) - 1,
        text_key=pl.struct("prompt", "response").hash(seed=1).reinterpret(signed=True),
        response_chars=pl.col("response").str.len_chars().cast(pl.Int64),
        blank=pl.col("response").str.strip_chars() == "",
        ends_open=(last != "") & ~last.is_in(list(UNFINISHED_OK)),
    )


FEATURES = """
"row", row_id, prompt_id, draw, response_code, finish_reason, n_tokens, cluster, text_key, response_chars, blank,
ends_open, control_token, role_marker, invented_turn, loop, prompt_chars, repetition
""".strip()


def read_rows(tables: RunTables) -> tuple[Rows, pl.DataFrame]:
    """Return the rows as columns, and the sample table without its texts."""
    sample = tables.read(f'select {FEATURES} from sample order by "row"')
    return build_rows(sample), sample


def read_texts(tables: RunTables) -> pl.DataFrame:
    """Return row, row_id, prompt_id, draw, prompt, response and finish_reason in row order."""
    return tables.read(
        'select "row", row_id, prompt_id, draw, prompt, response, finish_reason from sample order by "row"'
    )


def build_rows(sample: pl.DataFrame) -> Rows:
    """Return a sample table with its text features (sorted by `row`) as columns."""
    present = sample["response_chars"].is_not_null().to_numpy().astype(bool)
    chars = np.zeros(sample.height, dtype=np.int64)
    chars[present] = sample["response_chars"].drop_nulls().to_numpy()
    return Rows(
        row_ids=as_objects(sample["row_id"]),
        cluster=sample["cluster"].to_numpy().astype(np.int64),
        text_key=sample["text_key"].to_numpy().astype(np.int64),
        response_chars=chars,
        response_tokens=as_floats(sample["n_tokens"]),
        has_response=present,
        blank_response=flags(sample["blank"]),
        finish_reason=as_objects(sample["finish_reason"]),
    )


def flags(series: pl.Series) -> Bools:
    """Return where a boolean column is true; null is not."""
    found = np.zeros(len(series), dtype=bool)
    found[series.arg_true().to_numpy()] = True
    return found


def as_floats(series: pl.Series) -> Floats:
    """Return a series as float64 with NaN where it is null."""
    return np.asarray(series.cast(pl.Float64).to_numpy(), dtype=np.float64).copy()


def as_objects(series: pl.Series) -> Codes:
    """Return a series of strings as objects, None where it is null."""
    return np.asarray(series.to_list(), dtype=object)


def nullable(values: Floats) -> pl.Series:
    """Return a float column with null where it is NaN."""
    return pl.Series(values, dtype=pl.Float64).fill_nan(None)


def status(column: Column) -> pl.Series:
    """Return `ok` or `failed` per row."""
    return pl.Series(np.where(column.ok, "ok", "failed"), dtype=pl.String)


def strings(values: Codes | Sequence[str | None]) -> pl.Series:
    """Return objects as strings, null where None."""
    return pl.Series([None if v is None else str(v) for v in values], dtype=pl.String)


def details(column: Column, given: pl.Series) -> pl.Series:
    """Say what was reported where a check made a cell missing; keep what was said before."""
    flagged = ~column.ok & ~np.isnan(column.reported)
    told = np.full(len(column.values), None, dtype=object)
    told[flagged] = [f"reported {value:.12g}" for value in column.reported[flagged]]
    return strings(told).zip_with(pl.Series(flagged), given) if flagged.any() else given


def read_logprobs(tables: RunTables, policy: str, n: int) -> Column:
    """Return one policy's stored log-prob column."""
    frame = tables.read('select "row", value, code, detail from logprob where policy = ? order by "row"', [policy])
    return _column(frame, "value", n)


def read_token_counts(tables: RunTables, policy: str, n: int) -> Floats:
    """Return over how many tokens one policy's log-probs sum; NaN where nobody said."""
    frame = tables.read('select "row", n_tokens from logprob where policy = ? and n_tokens is not null', [policy])
    counts = np.full(n, np.nan)
    counts[frame["row"].to_numpy()] = as_floats(frame["n_tokens"])
    return counts


def read_asked_again(tables: RunTables, n: int, logging: str, targets: Sequence[str]) -> dict[str, Bools]:
    """Mark, by policy, the rows whose log-probs or judgement needed more than one attempt; nothing where none did."""
    scored = tables.read('select policy, "row" from logprob where attempts > 1')
    judged = tables.read('select distinct "row" from judgement where attempts > 1')["row"].to_numpy()
    if not scored.height and not len(judged):
        return {}
    shared = marked(n, judged) | marked(n, scored.filter(pl.col("policy") == logging)["row"].to_numpy())
    own = {t: shared | marked(n, scored.filter(pl.col("policy") == t)["row"].to_numpy()) for t in targets}
    return {logging: marked(n, judged), **own}


def marked(n: int, rows: Ints) -> Bools:
    """Return bool (n,), true at these places."""
    found = np.zeros(n, dtype=bool)
    found[rows] = True
    return found


def read_judgements(tables: RunTables, n: int) -> Column:
    """Return the stored judge scores (draw 0, or the mean over draws where there are several)."""
    frame = tables.read(
        'select "row", avg(score) as value, case when avg(score) is null then min(code) end as code, '
        "case when avg(score) is null then min(detail) end as detail "
        'from judgement group by "row" order by "row"'
    )
    return _column(frame, "value", n)


def read_judge_noise(tables: RunTables) -> DrawNoise | None:
    """Return how much the stored draws of the judge differ; None where no row has two scores."""
    frame = tables.read('select "row", score from judgement where score is not null order by "row", draw')
    return draw_noise(as_floats(frame["score"]), frame["row"].to_numpy().astype(np.int64))


def read_labels(tables: RunTables, n: int) -> Column:
    """Return the oracle labels the experiment may see; NaN elsewhere."""
    return read_label_frame(tables.read('select * from oracle_label order by "row"'), n)


def read_label_frame(frame: pl.DataFrame, n: int) -> Column:
    """Return the labels of an `oracle_label` frame as one column; NaN where there is no label."""
    told = frame if "detail" in frame.columns else frame.with_columns(detail=pl.lit(None, dtype=pl.String))
    return _column(told, "label", n)


REPORTED = r"^reported (-?[0-9][0-9.e+-]*)$"


def _column(frame: pl.DataFrame, name: str, n: int) -> Column:
    values = np.full(n, np.nan)
    codes = np.full(n, None, dtype=object)
    where = frame["row"].to_numpy()
    values[where] = as_floats(frame[name])
    codes[where] = as_objects(frame["code"])
    reported = values.copy()
    told = frame["detail"].str.extract(REPORTED).cast(pl.Float64)
    flagged = told.is_not_null().to_numpy()
    reported[where[flagged]] = told.drop_nulls().to_numpy()
    return Column(values=values, codes=codes, reported=reported)
