"""Which questions of a run were asked again: noted before they are asked, settled when the estimates are made."""

from collections.abc import Sequence

import polars as pl

from cje_audit.stages.base import StageContext
from cje_audit.store.answers import Ending
from cje_audit.store.tables import TableWrite

CELLS = {
    "asked_at": pl.Float64, "key": pl.String, "stage": pl.String, "policy": pl.String, "row_id": pl.String,
    "code": pl.String, "recovered": pl.Boolean,
}  # fmt: skip


def noted(at: float, ended: Sequence[Ending]) -> TableWrite:
    """Return the rows that say what is asked again at a moment (seconds since 1970); an import's cells have no key."""
    cells = [(at, e.key, e.stage, e.policy, e.row_id, e.code, None) for e in ended]
    return TableWrite("retried_cell", pl.DataFrame(cells, schema=CELLS, orient="row"), ("asked_at", at))


def settled(context: StageContext) -> TableWrite:
    """Return every question that was asked again, with whether it has an answer since; known ones stay as they are."""
    cells = context.tables.table("retried_cell")
    keys = cells.filter(pl.col("recovered").is_null())["key"].to_list()
    failed = list(context.answers.endings(context.run, keys))
    missing = context.tables.read("select distinct stage, policy, row_id, true as missing from failure")
    held = cells.join(missing, on=["stage", "policy", "row_id"], how="left", nulls_equal=True, maintain_order="left")
    now = pl.when(pl.col("key") == "").then(pl.col("missing").is_null()).otherwise(~pl.col("key").is_in(failed))
    return TableWrite("retried_cell", held.with_columns(recovered=pl.coalesce("recovered", now)).drop("missing"))
