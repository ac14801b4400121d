"""Rows that share prompt id and draw: exact copies are dropped, of conflicting copies none is kept."""

from dataclasses import dataclass

import polars as pl

from cje_audit.domain.codes import FailureCode
from cje_audit.formats.quarantine import row_excerpt

_PLACE = ("source", "line")
_SHOWN = 5
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
    """Drop exact copies of a row; quarantine all copies where any differ, since nobody knows which is right."""
    shared = rows["row_id"].is_duplicated()
    if not shared.any():
        return Distinct(rows, empty, 0, ())
    numbered = rows.with_row_index("at")
    copies = numbered.filter(shared)
    once = copies.unique(subset=[c for c in rows.columns if c not in _PLACE], keep="first", maintain_order=True)
    clash = once["row_id"].is_duplicated()
    ids = once["row_id"].filter(clash).unique(maintain_order=True)
    good = once.filter(~clash)
    kept = pl.concat([numbered.filter(~shared), good]).sort("at").drop("at")
    bad = copies.filter(pl.col("row_id").is_in(ids.implode()))
    return Distinct(kept, _quarantine(bad, empty), copies.height - bad.height - good.height, tuple(ids))


def _quarantine(bad: pl.DataFrame, empty: pl.DataFrame) -> pl.DataFrame:
    if not bad.height:
        return empty
    shown = pl.col("line").cast(pl.String).head(_SHOWN).str.join(", ").over("row_id")
    more = pl.when(pl.len().over("row_id") > _SHOWN).then(pl.lit(", …")).otherwise(pl.lit(""))
    reason = pl.format(
        "Line {} shares prompt_id {} and draw {} with rows that differ (lines {}{}); none of them is kept.",
        "line", pl.col("prompt_id").str.slice(0, 100), "draw", shown, more,
    )  # fmt: skip
    code = pl.lit(FailureCode.DUPLICATE.value)
    return bad.select("source", "line", reason.alias("reason"), code.alias("code"), row_excerpt().alias("excerpt"))
