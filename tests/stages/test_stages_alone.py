"""Each stage is one function that can be called alone: from tables to an outcome."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cje_audit.domain.checks import CheckStatus
from cje_audit.domain.errors import InputError
from cje_audit.domain.import_spec import ImportSpec
from cje_audit.stages import dataset, estimation, judge, logging_policy, target_policy
from cje_audit.stages.base import StageContext, StageFunction, StageOutcome, StageProgress, StopSignal
from cje_audit.store.answers import AnswerStore
from cje_audit.store.tables import RunTables, StageRecord
from cje_audit.store.workspace import Workspace
from tests.conftest import synthetic_rows

ORDER: dict[str, StageFunction] = {
    "dataset": dataset.run,
    "logging_policy": logging_policy.run,
    "target_policy": target_policy.run,
    "judge": judge.run,
    "estimation": estimation.run,
}
Run = Callable[..., dict[str, StageOutcome]]


@pytest.fixture
def run_until(tmp_path: Path) -> Iterator[Run]:
    """Run the stages up to one of them on rows of an import, in this process; return every outcome."""
    workspace, answers = Workspace(tmp_path), AnswerStore(tmp_path / "answers.sqlite")
    opened: list[RunTables] = []

    def run(rows: list[dict[str, Any]], last: str, **options: Any) -> dict[str, StageOutcome]:
        path = tmp_path / "rows.jsonl"
        path.write_text("".join(json.dumps(r) + "\n" for r in rows))
        spec = ImportSpec(name="alone", paths=(str(path),), **options)
        record = workspace.create("alone", "import", spec.config_hash())
        folder = workspace.run_dir(record.id)
        folder.mkdir(parents=True)
        tables = RunTables(folder / "run.duckdb", read_only=False)
        opened.append(tables)
        outcomes = {}
        for name, stage in ORDER.items():
            progress = StageProgress(workspace, record.id, name)
            outcome = stage(StageContext(record, folder, spec, tables, answers, progress, StopSignal()))
            counts = (outcome.n_in, outcome.n_ok, outcome.n_failed)
            tables.commit_stage(
                StageRecord(name, "f", *counts, 0.1, dict(outcome.facts)), outcome.writes, outcome.checks
            )
            outcomes[name] = outcome
            if name == last:
                return outcomes
        raise AssertionError(last)

    yield run
    for tables in opened:
        tables.close()
    answers.close()
    workspace.close()


def frame(outcome: StageOutcome, table: str) -> pl.DataFrame:
    return next(w.frame for w in outcome.writes if w.table == table)


def statuses(outcome: StageOutcome, stage: str) -> dict[tuple[str, str | None], CheckStatus]:
    return {(c.id, c.policy): c.status for c in outcome.checks[stage]}


def test_dataset_counts_every_line_once(run_until: Run) -> None:
    rows = synthetic_rows(20)
    rows += [rows[3], {**rows[4], "response": "another text"}, {"prompt_id": "x", "prompt": "no response"}]
    outcome = run_until(rows, "dataset")["dataset"]
    assert (outcome.n_in, outcome.n_ok, outcome.n_failed) == (23, 19, 4)
    assert frame(outcome, "quarantine")["line"].to_list() == [5, 22, 23]
    assert frame(outcome, "sample")["row"].to_list() == list(range(19))
    assert statuses(outcome, "dataset")["dataset.duplicate_ids", None] is not CheckStatus.PASS


def test_dataset_with_no_usable_line_is_refused_in_a_sentence(run_until: Run) -> None:
    with pytest.raises(InputError, match=r"\.$"):
        run_until([{"prompt": "x"}], "dataset")


def test_a_clone_must_be_in_the_file(run_until: Run) -> None:
    with pytest.raises(InputError, match="no target policy 'nobody'"):
        run_until(synthetic_rows(10), "dataset", clone="nobody")


def test_logging_policy_makes_exactly_the_faulty_cells_missing(run_until: Run) -> None:
    rows = synthetic_rows(100)
    rows[7]["base_policy_logprob"] = 3.5
    rows[8]["base_policy_logprob"] = None
    outcome = run_until(rows, "logging_policy")["logging_policy"]
    table = frame(outcome, "logprob")
    assert table.filter(pl.col("status") == "failed")["row"].to_list() == [7, 8]
    assert table["code"].drop_nulls().to_list() == ["positive_logprob", "no_score"]
    assert table["value"].null_count() == 2
    assert table["detail"][7] == "reported 3.5"
    assert statuses(outcome, "logging_policy")["logging_policy.logprob_range", None] is CheckStatus.WARN


def test_target_policy_scores_every_target_alone(run_until: Run) -> None:
    rows = synthetic_rows(60)
    del rows[5]["target_policy_logprobs"]["near"]
    outcome = run_until(rows, "target_policy")["target_policy"]
    table = frame(outcome, "logprob")
    failed = table.filter(pl.col("status") == "failed")
    assert failed.select("row", "policy").rows() == [(5, "near")]
    assert outcome.n_in == 120
    assert outcome.n_ok == 119


def test_judge_keeps_the_raw_reply_of_a_failure(run_until: Run) -> None:
    rows = synthetic_rows(50)
    rows[2] = {**rows[2], "judge_score": None, "judge_text": "I would say it is fine"}
    rows[3] = {**rows[3], "judge_score": 1.7}
    outcome = run_until(rows, "judge")["judge"]
    failed = frame(outcome, "judgement").filter(pl.col("status") == "failed")
    assert failed.select("row", "code").rows() == [(2, "unparseable"), (3, "out_of_range")]
    assert failed["raw"].to_list() == ["I would say it is fine", None]


def test_estimation_stores_raw_weights(run_until: Run) -> None:
    rows = synthetic_rows(80)
    outcome = run_until(rows, "estimation")["estimation"]
    weights = frame(outcome, "weight").filter(pl.col("policy") == "near")
    expected = [r["target_policy_logprobs"]["near"] - r["base_policy_logprob"] for r in rows]
    assert weights["log_ratio"].to_list() == pytest.approx(expected, abs=1e-12)
    assert frame(outcome, "weight").filter(pl.col("policy") == "clone")["weight"].unique().to_list() == [1.0]


def test_a_weight_that_float64_cannot_hold_is_null(run_until: Run) -> None:
    rows = synthetic_rows(80)
    rows[0]["target_policy_logprobs"]["near"], rows[0]["base_policy_logprob"] = -1.0, -1000.2718
    outcome = run_until(rows, "estimation")["estimation"]
    heavy = frame(outcome, "weight").filter((pl.col("policy") == "near") & (pl.col("row") == 0))
    assert heavy.select("log_ratio", "weight").rows() == [(pytest.approx(999.2718), None)]
