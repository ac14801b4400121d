"""Reads the rows whose log ratio lies in one bar of a weight histogram, paged in SQL."""

from typing import TYPE_CHECKING

from cje_audit.domain.weight_rows import WeightRow, WeightRowPage

if TYPE_CHECKING:  # DuckDB and Polars are loaded by whoever opens the tables
    from cje_audit.store.tables import RunTables

WHERE = """
  from weight where policy = $policy and log_ratio >= $low and (log_ratio < $high or ($closed and log_ratio = $high))
"""
ROWS = f"""
  with page as (select "row", log_ratio, weight {WHERE} order by log_ratio desc, "row" limit $limit offset $offset)
  select s.row_id, left(s.prompt, 300) as prompt, p.log_ratio, p.weight
  from page p join sample s using ("row") order by p.log_ratio desc, p."row"
"""


def weight_rows(
    tables: "RunTables", policy: str, low: float, high: float, *, closed: bool, offset: int, limit: int
) -> WeightRowPage:
    """Return one page of a policy's rows with low ≤ log ratio < high (nats), or ≤ high where the bar is `closed`."""
    bar = {"policy": policy, "low": low, "high": high, "closed": closed}
    total = tables.read_named(f"select count(*) as n {WHERE}", bar)["n"].item()
    rows = tables.read_named(ROWS, {**bar, "limit": limit, "offset": offset})
    return WeightRowPage(
        total=total, offset=offset, rows=tuple(WeightRow.model_validate(r) for r in rows.iter_rows(named=True))
    )
