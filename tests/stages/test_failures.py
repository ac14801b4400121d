"""A failed answer is a code: it can change an estimate only through n_used."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cje_audit.audit import Audit
from cje_audit.stages.columns import read_asked_again
from cje_audit.store.tables import RunTables
from tests.stages.helpers import asks, experiment, script


def finished(audit: Audit, text: str) -> str:
    run = audit.launch(text)
    assert audit.wait(run, timeout_s=60).status == "complete"
    return run


def estimates(audit: Audit, run: str, policy: str) -> dict[tuple[str, str], Any]:
    report = audit.report(run).policy(policy)
    assert report is not None
    return {(e.estimator, e.reward): e for e in report.estimates}


@pytest.mark.parametrize(
    ("op", "who", "code"),
    [("logprobs", "mild", "server_error"), ("judge", "judge", "unparseable"), ("logprobs", "base", "bad_request"),
     ("generate", "base", "content_filter")],
)  # fmt: skip
def test_an_error_changes_an_estimate_only_through_n_used(
    tmp_path: Path, audit: Audit, op: str, who: str, code: str
) -> None:
    """The estimate with failed rows equals the estimate of a run that never had those rows."""
    fault = {"op": op, "policy": who, "contains": "What is 1", "code": code}
    attempts = "{max_attempts: 1}"
    faulty = finished(audit, experiment(tmp_path, script(tmp_path, faults=[fault]), n=60, execution=attempts))
    with_faults = estimates(audit, faulty, "mild")
    lost = {f"p{i:03d}" for i in range(60) if f"What is {i} plus".startswith("What is 1")}
    assert {r.row_id for r in audit.failures(faulty, code=code, limit=500).rows} == lost

    sound = tmp_path / "sound"
    sound.mkdir()
    text = experiment(sound, script(sound), n=60)
    kept = [line for line in (sound / "prompts.jsonl").read_text().splitlines() if not any(i in line for i in lost)]
    (sound / "prompts.jsonl").write_text("\n".join(kept) + "\n")
    other = Audit.open(tmp_path / "other")
    without = estimates(
        other, finished(other, text.replace(str(sound / "script.json"), str(tmp_path / "script.json"))), "mild"
    )
    for key, estimate in without.items():
        assert with_faults[key].n_used == estimate.n_used == 60 - len(lost)
        assert with_faults[key].value == pytest.approx(estimate.value, rel=1e-12)
        assert with_faults[key].standard_error == pytest.approx(estimate.standard_error, rel=1e-12)
    other.close()


def test_one_policys_missing_rows_never_touch_another(tmp_path: Path, audit: Audit) -> None:
    fault = {"op": "logprobs", "policy": "other", "contains": "What is 2", "code": "timeout"}
    text = experiment(tmp_path, script(tmp_path, faults=[fault]), n=40, execution="{max_attempts: 1}")
    report = audit.report(finished(audit, text))
    used = {p.name: p.n_used for p in report.policies}
    assert used == {"base": 40, "clone": 40, "mild": 40, "other": 40 - 11}


def test_a_passing_fault_is_asked_again_and_recovers(tmp_path: Path, audit: Audit) -> None:
    fault = {"op": "logprobs", "policy": "mild", "times": 1, "code": "server_error", "contains": "What is 3"}
    run = finished(audit, experiment(tmp_path, script(tmp_path, faults=[fault]), n=8))
    assert audit.failures(run).total == 0
    assert audit.live(run).failures == {"server_error": 1}
    assert sum(who == "mild" for op, who, *_ in asks(tmp_path) if op == "logprobs") == 9
    tables = RunTables(audit.workspace / "runs" / run / "run.duckdb", read_only=True)
    again = read_asked_again(tables, 8, "base", ["clone", "mild"])
    tables.close()
    assert {name: np.flatnonzero(rows).tolist() for name, rows in again.items()} == {
        "base": [],
        "clone": [],
        "mild": [3],
    }


def test_fail_fast_stops_the_run_with_a_sentence(tmp_path: Path, audit: Audit) -> None:
    fault = {"op": "logprobs", "policy": "mild", "code": "auth"}
    text = experiment(tmp_path, script(tmp_path, faults=[fault]), n=8, execution="{on_failure: fail_fast}")
    row = audit.wait(audit.launch(text), timeout_s=60)
    assert row.status == "failed"
    assert "fail_fast" in (row.error or "")


def test_the_three_failure_policies_differ(tmp_path: Path, audit: Audit) -> None:
    fault = {"op": "logprobs", "policy": "other", "contains": "What is 2", "code": "bad_request"}
    used, told = {}, {}
    for word in ("{judge: skip_row}", "skip_row"):
        execution = f"{{max_attempts: 1, on_failure: {word}}}"
        run = finished(audit, experiment(tmp_path, script(tmp_path, faults=[fault]), n=40, execution=execution))
        report = audit.report(run)
        used[word] = {p.name: (p.n_used, p.n_total) for p in report.policies}
        told[word] = (None if report.skipped is None else report.skipped.n, len(audit.failure_policy(run)))
        assert audit.verify(run) == ()
        assert audit.failures(run).total == 11
    assert used["skip_row"] == dict.fromkeys(("base", "clone", "mild", "other"), (29, 40))
    one_only = {**dict.fromkeys(("base", "clone", "mild"), (40, 40)), "other": (29, 40)}
    assert used["{judge: skip_row}"] == one_only
    assert told == {"skip_row": (11, 1), "{judge: skip_row}": (0, 2)}
    page = audit.html(run)
    assert "skip_row left 11 of 40 rows out for every policy" in page
