"""Rows that share prompt id and draw: exact copies are dropped, of conflicting copies none is kept."""

from dataclasses import dataclass

import polars as pl

from cje_audit.domain.codes import FailureCode
from cje_audit.formats.quarantine import row_excerpt

_PLACE = ("source", "line")
_ENDS_LIKE_A_DRAW = r"#[0-9]+$"


def with_row_ids(rows: pl.DataFrame) -> pl.DataFrame:
    """Put `row_id` first: prompt_id, or prompt_id#draw where draw > 0 or where prompt_id itself ends so.

    Examples
    --------
    >>> rows = pl.DataFrame({"prompt_id": ["a", "a", "a#1"], "draw": [0, 1, 0]})
    >>> with_row_ids(rows)["row_id"].to_list()
    ['a', 'a#1', 'a#1#0']
    """
    plain = (pl.col("draw") == 0) & ~pl.col("prompt_id").str.contains(_ENDS_LIKE_A_DRAW)
    numbered = pl.concat_str(pl.col("prompt_id"), pl.lit("#"), pl.col("draw").cast(pl.String))
    return rows.select(pl.when(plain).then("prompt_id").otherwise(numbered).alias("row_id"), pl.all())


@dataclass(frozen=True)
class Distinct:
    """Rows with unique `row_id` in file order, the conflicting copies as quarantine, and the copies dropped."""

    rows: pl.DataFrame
    quarantine: pl.DataFrame
    n_exact: int
    conflicting: tuple[str, ...]


def distinct(rows: pl.DataFrame, empty: pl.DataFrame) -> Distinct:
    """Drop exact copies of a row; quarantine every copy where copies differ, since nobody knows which is right."""
    shared = rows["row_id"].is_duplicated()
    if not shared.any():
        return Distinct(rows, empty, 0, ())
    numbered = rows.with_row_index("at")
    copies = numbered.filter(shared)
    once = copies.unique(subset=[c for c in rows.columns if c not in _PLACE], keep="first", maintain_order=True)
    clash = once["row_id"].is_duplicated()
    kept = pl.concat([numbered.filter(~shared), once.filter(~clash)]).sort("at").drop("at")
    bad = once.filter(clash)
    ids = tuple(bad["row_id"].unique(maintain_order=True))
    return Distinct(kept, _quarantine(bad), copies.height - once.height, ids)


def _quarantine(bad: pl.DataFrame) -> pl.DataFrame:
    if not bad.height:
        return bad.select("source", "line").with_columns(reason=pl.lit(""), code=pl.lit(""), excerpt=pl.lit(""))
    reason = pl.format(
        "Line {} shares prompt_id {} and draw {} with another line that says something else.",
        "line", pl.col("prompt_id").str.slice(0, 100), "draw",
    )  # fmt: skip
    code = pl.lit(FailureCode.DUPLICATE.value)
    return bad.select("source", "line", reason.alias("reason"), code.alias("code"), row_excerpt().alias("excerpt"))
