"""The weight plots of one policy, computed once when its weights are stored, so that no page reads every row."""

from typing import TYPE_CHECKING

from cje_audit.domain.errors import NotFound
from cje_audit.domain.views import HeavyRow, WeightView

if TYPE_CHECKING:  # DuckDB and Polars are loaded by whoever opens the tables
    import polars as pl

    from cje_audit.store.tables import RunTables

HEAVIEST = 20  # rows that are named; every other point of the curve is one of some 400, evenly spread over the ranks
CURVE = f"""
  with w as (select *, log_ratio - max(log_ratio) over () as d from weight where policy = $policy),
  t as (select *, exp(d) / sum(exp(d)) over () as share, count(*) over () as n,
          row_number() over (order by log_ratio desc, "row") as place from w),
  c as (select *, sum(share) over (order by place) as held from t)
  select policy, place, n, "row", log_ratio, weight, share, held from c
  qualify place <= {HEAVIEST} or place = n or place % ((n + 399) // 400) = 0
    or (held >= 0.5 and lag(held, 1, 0.0) over (order by place) < 0.5)
"""
KEPT = "select * from weight_curve where policy = $policy"
NAMED = """
  select c.place, s.row_id, left(s.prompt, 300) as prompt
  from (select unnest($places) as place, unnest($rows) as "row") c join sample s using ("row") order by c.place
"""


def weight_view(tables: "RunTables", policy: str) -> WeightView:
    """Return the weight plots of one policy; shares are relative to the largest weight, so nothing overflows.

    Raises
    ------
    NotFound
        When the policy has no weights.
    """
    curve = _curve(tables, policy).sort("place")
    if not curve.height:
        raise NotFound(f"There are no weights for policy {policy!r}.", what_to_do="Look at Validation for the reason.")
    n, falling = curve["n"][0], curve.sort("place", descending=True)
    half = curve.filter(curve["held"] >= 0.5).head(1)
    return WeightView(
        policy=policy,
        ccdf_log_ratio=tuple(falling["log_ratio"].to_list()),
        ccdf_share=tuple((falling["place"] / n).to_list()),
        heaviest=_heaviest(tables, curve.head(HEAVIEST)),
        half_weight_rows=half["place"].item() if half.height else None,
        half_weight_log_ratio=half["log_ratio"].item() if half.height else None,
        n=n,
    )


def _curve(tables: "RunTables", policy: str) -> "pl.DataFrame":
    """Return the kept points, computed now where the run was made before they were kept."""
    wanted: dict[str, object] = {"policy": policy}
    known = tables.read("select count(*) as n from duckdb_tables() where table_name = 'weight_curve'")["n"].item()
    kept = tables.read_named(KEPT, wanted) if known else None
    return tables.read_named(CURVE, wanted) if kept is None or not kept.height else kept


def _heaviest(tables: "RunTables", top: "pl.DataFrame") -> tuple[HeavyRow, ...]:
    wanted: dict[str, object] = {"places": top["place"].to_list(), "rows": top["row"].to_list()}
    named = tables.read_named(NAMED, wanted).join(top.drop("row"), on="place", maintain_order="left")
    return tuple(HeavyRow.model_validate(r) for r in named.drop("place", "policy", "n", "held").iter_rows(named=True))
