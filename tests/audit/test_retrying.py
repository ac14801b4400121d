"""Retry: only what failed is asked again, only what was chosen, and everything after it is computed anew."""

from pathlib import Path

import pytest

from cje_audit.audit import Audit
from cje_audit.domain.errors import StoreLocked
from cje_audit.domain.retry import RetryChoice
from tests.cli.helpers import cje
from tests.stages.helpers import asks, dump, experiment, script

FAULTS = [
    {"op": "logprobs", "policy": "mild", "contains": "What is 1", "code": "timeout"},
    {"op": "logprobs", "policy": "other", "contains": "What is 2", "code": "bad_request"},
    {"op": "judge", "contains": "What is 3", "code": "unparseable"},
]


@pytest.fixture
def run(tmp_path: Path, audit: Audit) -> str:
    """A run of 40 prompts in which 11 timeouts, 11 bad requests and 11 unreadable judgements are left."""
    text = experiment(tmp_path, script(tmp_path, faults=FAULTS), n=40, execution="{max_attempts: 1, concurrency: 4}")
    run = audit.launch(text)
    assert audit.wait(run, timeout_s=60).status == "complete"
    (tmp_path / "asks.jsonl").unlink()
    return run


def test_only_what_was_chosen_is_asked_again(tmp_path: Path, audit: Audit, run: str) -> None:
    script(tmp_path)
    done = audit.retry(run, code="timeout")
    assert (done.retried, done.recovered) == (11, 11)
    assert {(op, who) for op, who, *_ in asks(tmp_path)} == {("logprobs", "mild")}
    assert len(asks(tmp_path)) == 11
    assert (audit.failures(run, code="timeout").total, audit.failures(run, code="bad_request").total) == (0, 11)
    report = audit.report(run).policy("mild")
    assert report is not None and report.n_used == 40 - 11
    [repair] = audit.report(run).repairs
    assert sum(c.missing_before - c.missing_after for c in repair.cells) == 11
    moved = {(c.policy, c.estimator, c.reward): c for c in repair.estimates}
    mild = moved["mild", "snips", "judge"]
    assert mild.after is not None and mild.after.n_used == report.n_used
    assert audit.verify(run) == ()
    assert audit.retry(run, row="p003").recovered == 1
    assert len(audit.report(run).repairs) == 2
    assert audit.retry(run, stage="judge", policy="mild").retried == 0


def test_a_whole_retry_gives_the_tables_of_a_run_without_faults(tmp_path: Path, audit: Audit, run: str) -> None:
    script(tmp_path)
    assert audit.retry(run).recovered == 33
    calm = Audit.open(tmp_path / "calm")
    other = calm.launch(
        experiment(tmp_path, tmp_path / "script.json", n=40, execution="{max_attempts: 1, concurrency: 4}")
    )
    assert calm.wait(other, timeout_s=60).status == "complete"
    mine, theirs = dump(audit, run), dump(calm, other)
    calm.close()
    assert (mine.pop("repair").height, theirs.pop("repair").height) == (1, 0)
    assert (mine.pop("retried_cell").height, theirs.pop("retried_cell").height) == (33, 0)
    for name in mine:
        assert mine[name].equals(theirs[name]), name


def test_what_was_asked_again_is_listed_with_its_end(tmp_path: Path, audit: Audit, run: str) -> None:
    plan = audit.retryable(run, RetryChoice(code="timeout"))
    assert (plan.n, plan.n_in_vain, plan.by_code) == (11, 0, {"timeout": 11})
    assert plan.stages == ("target_policy", "judge", "estimation")
    audit.retry(run, stage="judge")
    script(tmp_path)
    assert audit.start_retry(run, RetryChoice()).n == 33
    assert audit.wait(run, timeout_s=120).status == "complete"
    assert audit.start_retry(run, RetryChoice()).n == 0
    page = audit.retried(run, limit=40)
    assert (page.total, page.n_recovered) == (44, 33)
    assert [c.recovered for c in page.rows] == [True] * 33 + [False] * 7
    assert {c.code for c in page.rows} == {"timeout", "bad_request", "unparseable"}
    assert audit.verify(run) == ()


def test_what_asking_again_does_not_help_is_said(audit: Audit, run: str) -> None:
    plan = audit.retryable(run, RetryChoice())
    assert (plan.n, plan.n_in_vain) == (33, 11)
    assert "With bad_request, asking again alone does not help." in plan.sentence
    found = audit.retryable(run, RetryChoice(code="auth", policy="mild"))
    assert found.sentence.startswith(
        "Nothing is asked again: no question with the code auth of the policy mild ended in failure."
    )


@pytest.mark.parametrize(
    ("option", "typed", "meant"),
    [("--stage", "target", "target_policy"), ("--code", "time_out", "timeout"), ("--policy", "midl", "mild")],
)
def test_what_does_not_exist_is_refused_and_asks_nothing(
    tmp_path: Path, audit: Audit, run: str, option: str, typed: str, meant: str
) -> None:
    for more in ([], ["--dry-run"]):
        refused = cje(audit.workspace, "retry", run, option, typed, "--json", *more)
        assert (refused.code, refused.document["error"]["got"]) == (2, typed)
        assert refused.document["error"]["sentence"] == f"There is no {option[2:]} {typed} here."
        assert refused.document["error"]["what_to_do"] == f"Write {meant}."
    assert asks(tmp_path) == []


def test_what_fails_again_stays_failed_with_its_attempts(tmp_path: Path, audit: Audit, run: str) -> None:
    done = audit.retry(run, stage="target_policy", policy="other")
    assert (done.retried, done.recovered) == (11, 0)
    cells = [c for c in audit.row(run, "p002").cells if c.policy == "other"]
    assert [(c.status, c.code, c.attempts) for c in cells] == [("failed", "bad_request", 2)]


def test_nothing_to_retry_runs_nothing(audit: Audit, run: str) -> None:
    created = audit.report(run).document()
    assert audit.retry(run, code="auth").retried == 0
    assert audit.report(run).document() == created


def test_failed_responses_are_written_anew(tmp_path: Path, audit: Audit) -> None:
    fault = {"op": "generate", "contains": "What is 1", "code": "content_filter"}
    run = audit.launch(experiment(tmp_path, script(tmp_path, faults=[fault]), n=12))
    audit.wait(run, timeout_s=60)
    assert audit.failures(run, code="content_filter").total == 3 * 6
    script(tmp_path)
    assert audit.retry(run, stage="logging_policy").recovered == 3
    assert audit.failures(run).total == 0


def test_a_busy_run_is_not_retried(tmp_path: Path, audit: Audit) -> None:
    run = audit.launch(experiment(tmp_path, script(tmp_path, delay_s=0.5), n=20))
    with pytest.raises(StoreLocked):
        audit.retry(run)
    audit.cancel(run)
    audit.wait(run, timeout_s=10)


def test_the_command_line_says_what_it_did(tmp_path: Path, audit: Audit, run: str) -> None:
    script(tmp_path)
    done = cje(audit.workspace, "retry", run, "--code", "timeout", "--json")
    assert (done.code, done.document) == (0, {"run": run, "retried": 11, "recovered": 11})


def test_a_reached_cap_pauses_and_a_higher_one_goes_on(tmp_path: Path, audit: Audit) -> None:
    execution = "{max_cost: 0.5, prices: {m: {input: 0, output: 10000}, judge: {input: 0, output: 10000}}}"
    run = audit.launch(experiment(tmp_path, script(tmp_path), n=20, execution=execution))
    row = audit.wait(run, timeout_s=60)
    assert row.status == "partial" and "budget" in (row.error or "")
    assert 50 <= audit.live(run).n_asked <= 66
    audit.resume(run, max_cost=10.0)
    assert audit.wait(run, timeout_s=60).status == "complete"
    assert len(asks(tmp_path)) == 20 * 6
