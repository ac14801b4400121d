"""Tables to take home: CSV that is safe in a spreadsheet, and Parquet."""

import io

import polars as pl

from cje_audit.store.tables import RunTables

FORMULA = r"^[=+\-@\t\r\n]"
ROWS = """
select s."row", s.row_id, s.prompt_id, s.draw, s.prompt, s.response, s.finish_reason, s.source, s.line,
  (select avg(j.score) from judgement j where j."row" = s."row") as judge_score,
  (select o.label from oracle_label o where o."row" = s."row") as oracle_label
from sample s order by s."row"
"""
WEIGHTS = 'select "row", policy, log_ratio, weight from weight order by 1, 2'


def rows_csv(tables: RunTables) -> bytes:
    """Return `rows` as CSV in which no text can be a formula."""
    return safe_csv(rows(tables))


def rows_parquet(tables: RunTables) -> bytes:
    """Return `rows` as Parquet: texts as they are stored, numbers as numbers, what is missing as null."""
    return _parquet(rows(tables))


def rows(tables: RunTables) -> pl.DataFrame:
    """Return one line per row: its texts, score and label, then log ratio and weight under each policy."""
    frame = tables.read(ROWS)
    weights = tables.read(WEIGHTS)
    for policy in weights["policy"].unique().sort().to_list():
        own = weights.filter(pl.col("policy") == policy).select(
            "row", pl.col("log_ratio").alias(f"log_ratio_{policy}"), pl.col("weight").alias(f"weight_{policy}")
        )
        frame = frame.join(own, on="row", how="left", maintain_order="left")
    return frame.drop("row")


def safe_csv(frame: pl.DataFrame) -> bytes:
    r"""Return a frame as CSV in which no text can be a formula: what looks like one begins with an apostrophe.

    Examples
    --------
    >>> safe_csv(pl.DataFrame({"a": ["=cmd()", "plain", None], "n": [-1.0, 2.0, None]}))
    b"a,n\r\n'=cmd(),-1.0\r\nplain,2.0\r\n,\r\n"
    """
    text = pl.col(pl.String)
    safe = frame.with_columns(pl.when(text.str.contains(FORMULA)).then("'" + text).otherwise(text).name.keep())
    return safe.rename({name: _header(name) for name in frame.columns}).write_csv(line_terminator="\r\n").encode()


def _header(name: str) -> str:
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else name


def csv_as_parquet(text: str) -> bytes:
    """Return a CSV text as Parquet, with numbers as numbers."""
    return _parquet(pl.read_csv(io.StringIO(text), infer_schema_length=None))


def _parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()
