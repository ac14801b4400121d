"""A second judge labels a share of the responses, logged and fresh; what it cannot label has a code and no value."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cje_audit.audit import Audit
from cje_audit.domain.errors import AuditError, ConfigError
from cje_audit.domain.experiment import ORACLE_JUDGE, parse_experiment
from cje_audit.stages.second_judge import in_slice
from tests.pages.conftest import script

N = 24


def experiment(folder: Path, **oracle: Any) -> dict[str, Any]:
    """Return an experiment whose second judge answers from a table of its own; it fails at `Question 3?` for good."""
    document: dict[str, Any] = json.loads(script(folder, delay_s=0))
    log = folder / "second.log"
    faults = [{"op": "judge", "contains": "Question 3?", "code": "unparseable"}]
    (folder / "second.json").write_text(json.dumps({"faults": faults, "log": str(log)}), encoding="utf-8")
    second = {"kind": "score", "provider": "scripted", "base_url": str(folder / "second.json"), "model": "better"}
    document["oracle"] = {"slice": 0.5, "judge": second, **oracle}
    document["execution"] |= {"max_attempts": 2}
    return document


def finished(audit: Audit, document: dict[str, Any]) -> str:
    run = audit.launch(json.dumps(document))
    assert audit.wait(run, timeout_s=120).status == "complete"
    return run


def inside() -> set[str]:
    import polars as pl

    ids = [f"q{i}" for i in range(N)]
    return {i for i, chosen in zip(ids, in_slice(pl.Series(ids), 0.5, 1), strict=True) if chosen}


def test_the_share_and_only_it_is_labelled_and_a_failure_has_a_code(tmp_path: Path) -> None:
    assert "q3" in inside()
    audit = Audit.open(tmp_path / "ws")
    run = finished(audit, experiment(tmp_path))
    with audit._tables(run) as tables:
        table = tables.read('select s.prompt_id, o.* from oracle_label o join sample s using ("row")')
    by_prompt = {r["prompt_id"]: r for r in table.iter_rows(named=True)}
    assert set(by_prompt) == inside()
    assert {p for p, r in by_prompt.items() if r["label"] is None} == {"q3"}
    assert by_prompt["q3"]["code"] == "unparseable"
    report = audit.report(run)
    assert [(g.policy, g.code, g.count) for g in report.failures if g.policy == ORACLE_JUDGE] == [
        (ORACLE_JUDGE, "unparseable", 1)
    ]
    page = audit.failures(run, policy=ORACLE_JUDGE)
    assert [(c.row_id, c.code) for c in page.rows] == [("q3", "unparseable")]
    asked = [json.loads(line) for line in (tmp_path / "second.log").read_text().splitlines()]
    assert Counter(prompt for _, _, prompt, _ in asked)["Question 3?"] == 2  # max_attempts
    assert len(asked) == len(inside()) + 1
    cells = audit.row(run, "q3").cells
    assert [(c.policy, c.code) for c in cells if c.stage == "judge"][-1] == (ORACLE_JUDGE, "unparseable")
    audit.close()


def test_fresh_draws_of_the_share_are_labelled_too(tmp_path: Path) -> None:
    audit = Audit.open(tmp_path / "ws")
    run = finished(audit, experiment(tmp_path) | {"fresh_draws": {"per_prompt": 1}})
    with audit._tables(run) as tables:
        drawn = tables.read("select policy, prompt_id, judge_score, oracle_label, oracle_code from fresh_draw")
    labelled = drawn.filter(drawn["oracle_label"].is_not_null())
    assert set(labelled["prompt_id"]) == inside() - {"q3"}
    assert set(labelled["policy"]) == {"clone", "short"}
    assert set(drawn.filter(drawn["prompt_id"] == "q3")["oracle_code"]) == {"unparseable"}
    assert drawn["judge_score"].null_count() == 0
    audit.close()


def test_a_second_run_asks_for_no_label_again(tmp_path: Path) -> None:
    audit = Audit.open(tmp_path / "ws")
    document = experiment(tmp_path)
    finished(audit, document)
    log = tmp_path / "second.log"
    n = len(log.read_text().splitlines())
    finished(audit, document)
    again = [json.loads(line)[2] for line in log.read_text().splitlines()[n:]]
    assert set(again) <= {"Question 3?"}
    audit.close()


def test_labels_of_the_data_and_of_a_judge_are_never_mixed(tmp_path: Path) -> None:
    document = experiment(tmp_path)
    rows = [{"prompt_id": f"q{i}", "prompt": f"Question {i}?", "oracle_label": 0.5} for i in range(N)]
    (tmp_path / "prompts.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    audit = Audit.open(tmp_path / "ws")
    run = audit.launch(json.dumps(document))
    assert audit.wait(run, timeout_s=120).status == "failed"
    assert "24 labels, and oracle.judge would make others" in str(audit.run(run).error)
    audit.close()


def test_a_judge_of_labels_has_to_give_a_mark(tmp_path: Path) -> None:
    document = experiment(tmp_path)
    document["oracle"]["judge"] |= {"kind": "pairwise"}
    with pytest.raises(ConfigError, match="kind score or logprob, not pairwise"):
        parse_experiment(json.dumps(document))


def test_its_cost_counts_the_share(tmp_path: Path) -> None:
    audit = Audit.open(tmp_path / "ws")
    one = audit.estimate_cost(json.dumps({**experiment(tmp_path), "oracle": {}}))
    two = audit.estimate_cost(json.dumps(experiment(tmp_path)))
    assert two.n_requests - one.n_requests == N // 2
    assert "better" in two.unpriced
    assert any(
        "a second judge, better, labels 50 %" in line
        for line in audit.validate(json.dumps(experiment(tmp_path))).summary
    )
    with pytest.raises(AuditError):
        audit.estimate_cost("name: x")
    audit.close()


def test_two_runs_with_other_judges_of_labels_are_not_compared(tmp_path: Path) -> None:
    audit = Audit.open(tmp_path / "ws")
    document = experiment(tmp_path)
    one = finished(audit, document)
    document["oracle"]["judge"] |= {"prompt": "Rate {response} to {prompt} from 0 to 1."}
    two = finished(audit, document)
    assert "The judge of the labels differs: prompt" in audit.compare(one, two).sentence
    audit.close()
