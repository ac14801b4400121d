"""run.duckdb: the stage tables of one run. One worker writes; anyone else opens it read-only once a stage is done."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from cje_audit.domain.checks import Check
from cje_audit.domain.errors import StoreError, StoreLocked
from cje_audit.store.weight_curve import CURVE

SCHEMA = (Path(__file__).parent / "schema.sql").read_text(encoding="utf-8")
CONFIG: dict[str, Any] = {"threads": 2, "memory_limit": "400MB", "autoinstall_known_extensions": "false",
                          "autoload_known_extensions": "false"}  # fmt: skip
TABLES = ("sample", "quarantine", "policy", "logprob", "judgement", "oracle_label", "fresh_draw", "weight", "stage_run",
          "check_result", "estimate", "comparison", "quality", "repair",
          "retried_cell")  # fmt: skip


@dataclass(frozen=True)
class StageRecord:
    """One finished stage: its fingerprint, row counts, seconds, and facts later stages need."""

    stage: str
    fingerprint: str
    n_in: int | None
    n_ok: int | None
    n_failed: int | None
    seconds: float
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TableWrite:
    """A frame that replaces one table, or only the rows where column `where[0]` equals `where[1]`."""

    table: str
    frame: pl.DataFrame
    where: tuple[str, str | float] | None = None


def open_tables(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open the run's database.

    Raises
    ------
    StoreLocked
        When another process is writing it.
    StoreError
        When the file is damaged or cannot be opened.
    """
    try:
        db = duckdb.connect(str(path), read_only=read_only, config=CONFIG)
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise StoreLocked(
                "The run's tables are being written right now.",
                what_to_do="Look at the Live page; the tables open when the run ends.",
            ) from error
        raise StoreError(f"The run's tables cannot be opened: {_first_line(error)}.", what_to_do=REBUILD) from error
    except duckdb.Error as error:
        raise StoreError(f"The run's tables cannot be opened: {_first_line(error)}.", what_to_do=REBUILD) from error
    if not read_only:
        db.execute(SCHEMA)
    return db


REBUILD = "Resume the run: finished answers are kept in answers.sqlite and the tables are built again from them."


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".")


class RunTables:
    """The tables of one run, opened for writing (the worker) or reading (everyone else)."""

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self.path = path
        self._db = open_tables(path, read_only=read_only)

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def read(self, query: str, parameters: Sequence[object] = ()) -> pl.DataFrame:
        """Return a query's rows; only this room writes SQL."""
        return self._frame(query, list(parameters))

    def read_named(self, query: str, parameters: Mapping[str, object]) -> pl.DataFrame:
        """Return a query's rows, its parameters given by name."""
        return self._frame(query, dict(parameters))

    def _frame(self, query: str, parameters: list[object] | dict[str, object]) -> pl.DataFrame:
        try:
            frame: pl.DataFrame = self._db.cursor().sql(query, params=parameters).pl()
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            raise StoreError(
                "The tables of this run were made by another version of CJE Audit.",
                got=_first_line(error),
                what_to_do="Import or run it again; stored answers are reused.",
            ) from error
        return frame

    def table(self, name: str) -> pl.DataFrame:
        """Return a whole table."""
        if name not in TABLES:
            raise ValueError(f"no table {name}")
        return self.read(f"select * from {name}")

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        self._db.execute("begin")
        try:
            yield self._db
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def commit_stage(
        self, record: StageRecord, writes: Sequence[TableWrite], checks: Mapping[str, Sequence[Check]]
    ) -> None:
        """Store everything one stage produced, and that it is done, in one transaction."""
        with self._transaction() as db:
            for write in writes:
                self._replace(db, write)
            for stage, found in checks.items():
                self._replace(db, TableWrite("check_result", check_frame(stage, found), ("stage", stage)))
            db.execute("delete from stage_run where stage = ?", [record.stage])
            facts = json.dumps(record.facts, sort_keys=True)
            counts = [record.n_in, record.n_ok, record.n_failed, record.seconds, time.time()]
            db.execute(
                "insert into stage_run values (?, ?, ?, ?, ?, ?, ?, ?)",
                [record.stage, record.fingerprint, *counts, facts],
            )

    def load(self, write: TableWrite) -> None:
        """Put a frame into a table: as it came out of a bundle, or beside what the table holds."""
        with self._transaction() as db:
            self._replace(db, write)

    def _replace(self, db: duckdb.DuckDBPyConnection, write: TableWrite) -> None:
        if write.table not in TABLES:
            raise ValueError(f"no table {write.table}")
        if write.where is None:
            db.execute(f"delete from {write.table}")
        else:
            column, value = write.where
            if not column.isidentifier():
                raise ValueError(f"no column {column}")
            db.execute(f"delete from {write.table} where {column} = ?", [value])
        if write.frame.height:
            db.register("new_rows", write.frame)
            db.execute(f"insert into {write.table} by name select * from new_rows")
            db.unregister("new_rows")
        if write.table == "weight":
            _keep_curves(db)

    def forget(self, stages: Sequence[str]) -> None:
        """Forget that these stages are done, so that they run again; their rows stay until replaced."""
        with self._transaction() as db:
            for stage in stages:
                db.execute("delete from stage_run where stage = ?", [stage])

    def remember(self, document: str) -> None:
        """Keep what stood in the report before failed cells are asked again."""
        with self._transaction() as db:
            db.execute("insert into repair select count(*), ? from repair", [document])

    def has(self, name: str) -> bool:
        """Say whether the file has a table; one made by an earlier version may lack it."""
        return bool(self.read("select 1 from information_schema.tables where table_name = ?", [name]).height)

    def has_column(self, table: str, column: str) -> bool:
        """Say whether a table has a column; a run of an earlier version may lack it."""
        query = "select 1 from information_schema.columns where table_name = ? and column_name = ?"
        return bool(self.read(query, [table, column]).height)

    def remembered(self) -> tuple[str, ...]:
        """Return what stood before each time failed cells were asked again, oldest first."""
        if not self.has("repair"):
            return ()  # a run of an earlier version
        return tuple(self.read("select document from repair order by number")["document"].to_list())

    def done(self) -> dict[str, StageRecord]:
        """Return the finished stages."""
        rows = self.read("select * from stage_run").iter_rows(named=True)
        return {
            r["stage"]: StageRecord(
                r["stage"], r["fingerprint"], r["n_in"], r["n_ok"], r["n_failed"], r["seconds"], json.loads(r["facts"])
            )
            for r in rows
        }

    def checks(self) -> dict[str, list[Check]]:
        """Return every stored check, by stage, in order."""
        found: dict[str, list[Check]] = {}
        for row in self.read("select * from check_result order by stage, position").iter_rows(named=True):
            stage = row.pop("stage")
            row.pop("position")
            found.setdefault(stage, []).append(Check(**(row | {"example_ids": tuple(row["example_ids"])})))
        return found


def _keep_curves(db: duckdb.DuckDBPyConnection) -> None:
    """Keep the points of every policy's weight plots, one policy after the other, so that memory stays small."""
    db.execute("delete from weight_curve")
    for (policy,) in db.execute("select distinct policy from weight").fetchall():
        db.execute(f"insert into weight_curve by name {CURVE}", {"policy": policy})


def check_frame(stage: str, checks: Sequence[Check]) -> pl.DataFrame:
    """Return checks as rows of `check_result`."""
    schema: dict[str, Any] = {
        "stage": pl.String, "position": pl.Int32, "id": pl.String, "policy": pl.String, "status": pl.String,
        "value": pl.Float64, "threshold": pl.Float64, "n_affected": pl.Int64, "sentence": pl.String,
        "what_to_do": pl.String, "example_ids": pl.List(pl.String),
    }  # fmt: skip
    rows = [
        c.model_dump(mode="json", exclude={"override"}) | {"stage": stage, "position": i} for i, c in enumerate(checks)
    ]
    return pl.DataFrame(rows, schema=schema)
