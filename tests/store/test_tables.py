"""The run's tables: a stage is stored whole or not at all, and a failed cell can hold no value."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.domain.errors import StoreError, StoreLocked
from cje_audit.store.tables import RunTables, StageRecord, TableWrite

CHECK = Check(
    id="judge.scored", status=CheckStatus.WARN, value=0.5, n_affected=2, sentence="x.", example_ids=("a", "b")
)


def record(stage: str = "judge") -> StageRecord:
    return StageRecord(stage, "f", 2, 1, 1, 0.5, {"k": [1]})


def judgements(**changes: object) -> pl.DataFrame:
    row = {"row": 0, "draw": 0, "status": "ok", "code": None, "score": 0.5} | changes
    return pl.DataFrame([row], schema_overrides={"code": pl.String, "score": pl.Float64})


@pytest.fixture
def tables(tmp_path: Path) -> Iterator[RunTables]:
    opened = RunTables(tmp_path / "run.duckdb", read_only=False)
    yield opened
    opened.close()


def test_a_stage_comes_back_as_it_was_stored(tables: RunTables) -> None:
    tables.commit_stage(record(), [TableWrite("judgement", judgements())], {"judge": [CHECK]})
    assert tables.done() == {"judge": record()}
    assert tables.checks() == {"judge": [CHECK]}
    assert tables.table("judgement")["score"].to_list() == [0.5]
    tables.commit_stage(record(), [TableWrite("judgement", judgements(score=0.25))], {"judge": []})
    assert tables.table("judgement")["score"].to_list() == [0.25]
    assert tables.checks() == {}


@pytest.mark.parametrize(
    "lie",
    [
        {"status": "failed", "code": "timeout"},
        {"score": None},
        {"status": "failed", "score": None},
        {"code": "timeout"},
    ],
    ids=["failed with a value", "ok without one", "failed without a code", "ok with a code"],
)
def test_the_schema_refuses_to_lie_and_nothing_is_stored(tables: RunTables, lie: dict[str, object]) -> None:
    with pytest.raises(duckdb.ConstraintException):
        tables.commit_stage(record(), [TableWrite("judgement", judgements(**lie))], {"judge": [CHECK]})
    assert tables.done() == {}
    assert tables.checks() == {}


def test_a_slice_of_a_table_is_replaced_alone(tables: RunTables) -> None:
    for stage, value in (("logging_policy", -1.0), ("target_policy", -2.0), ("target_policy", -3.0)):
        frame = pl.DataFrame({"row": [0], "policy": ["p"], "stage": [stage], "status": ["ok"], "value": [value]})
        tables.commit_stage(record(stage), [TableWrite("logprob", frame, ("stage", stage))], {})
    assert sorted(tables.table("logprob")["value"].to_list()) == [-3.0, -1.0]


def test_forgetting_a_stage_makes_it_run_again(tables: RunTables) -> None:
    tables.commit_stage(record(), [], {})
    tables.forget(["judge", "estimation"])
    assert tables.done() == {}


def test_a_second_process_is_told_that_the_tables_are_being_written(tables: RunTables) -> None:
    script = (
        "import sys; from pathlib import Path; from cje_audit.store.tables import RunTables\n"
        "from cje_audit.domain.errors import StoreLocked\n"
        "try: RunTables(Path(sys.argv[1]), read_only=True)\n"
        "except StoreLocked as error: print(error.sentence)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tables.path)], capture_output=True, text=True, check=True)
    assert "being written" in done.stdout


def test_a_damaged_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "run.duckdb").write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError, match="cannot be opened") as caught:
        RunTables(tmp_path / "run.duckdb", read_only=True)
    assert not isinstance(caught.value, StoreLocked)
    assert "answers" in (caught.value.what_to_do or "")


@pytest.mark.parametrize("name", ["x; drop table sample", "stage_run where 1=1", ""])
def test_only_known_tables_have_names(tables: RunTables, name: str) -> None:
    with pytest.raises(ValueError, match="no table"):
        tables.table(name)
    with pytest.raises(ValueError, match="no table"):
        tables.commit_stage(record(), [TableWrite(name, judgements())], {})
