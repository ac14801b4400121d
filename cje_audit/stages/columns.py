"""From stored tables to the plain columns that checks and estimators look at, and back."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from cje_audit.checks.frame import Codes, Column, Floats, Rows
from cje_audit.store.tables import RunTables


def build_rows(sample: pl.DataFrame) -> Rows:
    """Return the rows of a `sample` table (sorted by `row`) as columns."""
    text = sample.select(
        chars=pl.col("response").str.len_chars(),
        blank=pl.col("response").str.strip_chars() == "",
        present=pl.col("response").is_not_null(),
        key=pl.struct("prompt", "response").hash(seed=1).reinterpret(signed=True),
        cluster=pl.col("prompt_id").rank("dense").cast(pl.Int64) - 1,
        tokens=pl.col("n_tokens").cast(pl.Float64),
    )
    present = text["present"].to_numpy().astype(bool)
    chars = np.zeros(sample.height, dtype=np.int64)
    chars[present] = text["chars"].filter(text["present"]).to_numpy()
    blank = np.zeros(sample.height, dtype=bool)
    blank[present] = text["blank"].filter(text["present"]).to_numpy()
    return Rows(
        row_ids=as_objects(sample["row_id"]),
        cluster=text["cluster"].to_numpy().astype(np.int64),
        text_key=text["key"].to_numpy().astype(np.int64),
        response_chars=chars,
        response_tokens=as_floats(text["tokens"]),
        has_response=present,
        blank_response=blank,
        finish_reason=as_objects(sample["finish_reason"]),
    )


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


def read_sample(tables: RunTables) -> pl.DataFrame:
    """Return the sample table in row order."""
    return tables.read('select * from sample order by "row"')


def read_logprobs(tables: RunTables, policy: str, n: int) -> Column:
    """Return one policy's stored log-prob column."""
    frame = tables.read('select "row", value, code from logprob where policy = ? order by "row"', [policy])
    return _column(frame, "value", n)


def read_judgements(tables: RunTables, n: int) -> Column:
    """Return the stored judge scores (draw 0, or the mean over draws where there are several)."""
    frame = tables.read(
        'select "row", avg(score) as value, case when avg(score) is null then min(code) end as code '
        'from judgement group by "row" order by "row"'
    )
    return _column(frame, "value", n)


def read_labels(tables: RunTables, n: int) -> Column:
    """Return the oracle labels the experiment may see; NaN elsewhere."""
    frame = tables.read('select "row", label as value, code from oracle_label order by "row"')
    return _column(frame, "value", n)


def _column(frame: pl.DataFrame, name: str, n: int) -> Column:
    values = np.full(n, np.nan)
    codes = np.full(n, None, dtype=object)
    where = frame["row"].to_numpy()
    values[where] = as_floats(frame[name])
    codes[where] = as_objects(frame["code"])
    return Column(values=values, codes=codes, reported=values.copy())
