"""Reads the labelled rows a calibration rests on; of many, a fixed choice."""

from typing import TYPE_CHECKING

from cje_audit.domain.labels import LabelledRow

if TYPE_CHECKING:  # DuckDB and Polars are loaded by whoever opens the tables
    from cje_audit.store.tables import RunTables

MOST = 1000
LABELLED = """
  with scored as (select "row", avg(score) as score from judgement group by "row")
  select score, label from scored join oracle_label using ("row")
  where score is not null and label is not null order by hash("row"), "row" limit ?
"""


def labelled_rows(tables: "RunTables") -> tuple[LabelledRow, ...]:
    """Return up to `MOST` rows that have both a judge score and a label."""
    rows = tables.read(LABELLED, [MOST])
    return tuple(LabelledRow.model_validate(r) for r in rows.iter_rows(named=True))
