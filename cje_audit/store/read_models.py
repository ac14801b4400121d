"""One read model per page, read from a finished run's tables; paged in SQL, so that no page holds a whole table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cje_audit.checks.dataset import CUT_REASONS
from cje_audit.domain.codes import CODES, FailureCode
from cje_audit.domain.errors import NotFound
from cje_audit.domain.pilot import PilotSize
from cje_audit.domain.retry import RetriedCell, RetriedPage
from cje_audit.domain.views import (
    CellView,
    FailedCell,
    FailurePage,
    QuarantinedLine,
    RowView,
    RowWeight,
    TokenValue,
)
from cje_audit.store.workspace import iso

if TYPE_CHECKING:  # DuckDB and Polars are loaded by whoever opens the tables
    from cje_audit.store.tables import RunTables

EXCERPT = 300

FAILED = """
  with failed as (
    select "row", 'logging_policy' as stage, cast(null as varchar) as policy, response_code as code,
      response_detail as detail
    from sample where response_code is not null
    union all select "row", stage, policy, code, detail from logprob where status = 'failed'
    union all select "row", 'judge', null, code, detail from judgement where status = 'failed'
    union all select "row", 'judge', '(oracle judge)', code, detail from oracle_label where attempts is not null
      and status = 'failed'),
  wanted as (select * from failed where ($stage is null or stage = $stage) and ($policy is null or policy = $policy)
    and ($code is null or code = $code) and ($search is null or "row" in (select "row" from sample
      where contains(lower(prompt), lower($search)) or contains(lower(row_id), lower($search)))))
"""
FAILED_PAGE = f"""
  {FAILED}, page as (select * from wanted order by "row", stage, policy limit $limit offset $offset)
  select f.*, s.row_id, left(s.prompt, 300) as prompt, s.source, s.line
  from page f join sample s using ("row") order by f."row", f.stage, f.policy
"""
CELLS_OF_ROWS = """
  select f.*, left(s.prompt, 300) as prompt, s.source, s.line from failure f join sample s using ("row")
  where f.stage = $stage and ($policy is null or f.policy = $policy) and list_contains($ids, f.row_id)
  order by f."row"
"""
ROW_WEIGHTS = """
  select w.policy, w.log_ratio, w.weight, r.rank, r.n_ranked
  from weight w join policy p on p.name = w.policy join lateral (
    select count(*) filter (where o.log_ratio > w.log_ratio) + 1 as rank, count(*) as n_ranked
    from weight o where o.policy = w.policy) r on true
  where w."row" = ? order by p.position
"""
JUDGED = """
  select null as policy, draw, status, score, code, detail, raw, attempts from judgement where "row" = ?
  union all select '(oracle judge)', 0, status, label, code, detail, raw, attempts from oracle_label
    where "row" = ? and attempts is not null
  order by policy nulls first, draw
"""
QUALITY = """
  select count(*) as n, avg(cast(response_code is not null as double)) as "without response",
    avg(cast(list_contains($cut, finish_reason) as double)) as "cut at the length limit",
    avg(cast(blank as double)) as "blank", avg(cast(control_token is not null as double)) as "template tokens",
    avg(cast(invented_turn or loop as double)) as "going on past the end" from sample
"""


def _named(tables: "RunTables", query: str, parameters: dict[str, object]) -> list[dict[str, object]]:
    return list(tables.read_named(query, parameters).iter_rows(named=True))


def failure_page(
    tables: "RunTables",
    *,
    stage: str | None,
    policy: str | None,
    code: str | None,
    search: str | None,
    offset: int,
    limit: int,
) -> FailurePage:
    """Return one page of failed cells under a filter; `search` looks in prompt and row id."""
    wanted: dict[str, object] = {"stage": stage, "policy": policy, "code": code, "search": search or None}
    total = _named(tables, f"{FAILED} select count(*) as n from wanted", wanted)[0]["n"]
    rows = _named(tables, FAILED_PAGE, {**wanted, "limit": limit, "offset": offset})
    return FailurePage(total=int(str(total)), offset=offset, rows=tuple(_failed(r) for r in rows))


def failed_cells(tables: "RunTables") -> tuple[FailedCell, ...]:
    """Return every failed cell of a run."""
    query = 'select f.*, null as prompt, s.source, s.line from failure f join sample s using ("row")'
    return tuple(_failed(r) for r in tables.read(query).iter_rows(named=True))


def _failed(row: dict[str, object]) -> FailedCell:
    facts = CODES[FailureCode(str(row["code"]))]
    kept = {k: row[k] for k in ("row_id", "stage", "policy", "code", "detail", "prompt", "source", "line")}
    return FailedCell.model_validate({**kept, "sentence": facts.sentence, "what_to_do": facts.what_to_do})


def cells_of_rows(
    tables: "RunTables", row_ids: Sequence[str], stage: str, policy: str | None
) -> tuple[FailedCell, ...]:
    """Return the failed cells of these rows in one stage (and policy)."""
    rows = _named(tables, CELLS_OF_ROWS, {"stage": stage, "policy": policy, "ids": list(row_ids)})
    return tuple(_failed(r) for r in rows)


RETRIED = """
  select asked_at as at, row_id, stage, policy, code, recovered from retried_cell
  order by asked_at desc, recovered desc, row_id, stage, policy limit ? offset ?
"""


def retried_page(tables: "RunTables", *, offset: int, limit: int) -> RetriedPage:
    """Return one page of the questions that were asked again, the latest retry first."""
    if not tables.has("retried_cell"):
        return RetriedPage(total=0, n_recovered=0, rows=())
    counted = "select count(*) as total, count(*) filter (where recovered) as n_recovered from retried_cell"
    counts = tables.read(counted).rows(named=True)[0]
    rows = tables.read(RETRIED, [limit, offset]).rows(named=True)
    return RetriedPage(**counts, rows=tuple(RetriedCell(**(row | {"at": iso(row["at"])})) for row in rows))


def quarantine_page(tables: "RunTables", *, offset: int, limit: int) -> tuple[QuarantinedLine, ...]:
    """Return one page of the lines that were not imported."""
    rows = tables.read("select * from quarantine order by source, line limit ? offset ?", [limit, offset])
    return tuple(QuarantinedLine.model_validate(r) for r in rows.iter_rows(named=True))


def pilot_facts(tables: "RunTables") -> tuple[PilotSize, dict[str, float | None]]:
    """Return how many rows a run took of how many, and the share of them that has each flaw of quality."""
    found = tables.read_named(QUALITY, {"cut": list(CUT_REASONS)}).rows(named=True)[0]
    size = PilotSize(n=found.pop("n"), n_total=tables.done()["dataset"].facts["n_rows_found"])
    return size, found


def row_view(tables: "RunTables", row_id: str) -> RowView:
    """Return everything known about one row.

    Raises
    ------
    NotFound
        When the run has no such row.
    """
    found = tables.read("select * from sample where row_id = ?", [row_id]).rows(named=True)
    if not found:
        raise NotFound(
            f"This run has no row with the id {row_id!r}.",
            expected="the id of one of the run's rows",
            got=row_id,
            what_to_do="Check the id, capitals too, or search the Rows page for its words.",
        )
    sample, number = found[0], found[0]["row"]
    label = tables.read('select label from oracle_label where "row" = ?', [number])["label"].to_list()
    return RowView(
        **{
            k: sample[k]
            for k in ("row_id", "prompt_id", "draw", "prompt", "response", "finish_reason", "source", "line")
        },
        cells=(*_logprob_cells(tables, number), *_judge_cells(tables, number)),
        weights=_row_weights(tables, number),
        oracle_label=label[0] if label else None,
    )


def _logprob_cells(tables: "RunTables", number: int) -> list[CellView]:
    rows = tables.read(
        'select l.* from logprob l join policy p on p.name = l.policy where l."row" = ? order by p.position', [number]
    )
    cells = [
        CellView(
            stage=r["stage"], policy=r["policy"], status=r["status"], value=r["value"], code=r["code"],
            detail=r["detail"], attempts=r["attempts"], tokens=_tokens(r["tokens"], r["token_logprobs"]),
            before=r.get("before"),
        )
        for r in rows.iter_rows(named=True)
    ]  # fmt: skip
    logging = next((c.tokens for c in cells if c.stage == "logging_policy"), ())
    return [c.model_copy(update={"token_log_ratios": _ratios(c, logging)}) for c in cells]


def _ratios(cell: CellView, logging: tuple[TokenValue, ...]) -> tuple[float, ...]:
    """Return target − logging per token, in nats; nothing where the two did not read the same tokens."""
    if cell.stage == "logging_policy" or [t.text for t in cell.tokens] != [t.text for t in logging]:
        return ()
    return tuple(t.logprob - o.logprob for t, o in zip(cell.tokens, logging, strict=True))


def _tokens(tokens: list[str] | None, values: list[float] | None) -> tuple[TokenValue, ...]:
    if values is None:
        return ()
    texts = (
        tokens if tokens is not None and len(tokens) == len(values) else [f"token {i + 1}" for i in range(len(values))]
    )
    return tuple(TokenValue(text=t, logprob=v) for t, v in zip(texts, values, strict=True))


def _judge_cells(tables: "RunTables", number: int) -> list[CellView]:
    rows = tables.read(JUDGED, [number, number])
    return [
        CellView(
            stage="judge", policy=r["policy"], status=r["status"], value=r["score"], code=r["code"], detail=r["detail"],
            raw=r["raw"], attempts=r["attempts"],
        )
        for r in rows.iter_rows(named=True)
    ]  # fmt: skip


def _row_weights(tables: "RunTables", number: int) -> tuple[RowWeight, ...]:
    rows = tables.read(ROW_WEIGHTS, [number])
    return tuple(RowWeight.model_validate(r) for r in rows.iter_rows(named=True))
