"""Answers: committed as they arrive, verified on read, never shared across identities."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import StoreError
from cje_audit.domain.results import JudgementResult, LogProbResult, ResponseResult, ResultStatus
from cje_audit.store.answers import AnswerStore, Outcome, Question, encode


def question(text: str = "hello", **changes: object) -> Question:
    fields = {"kind": "logprobs", "identity": "i" * 64, "scorer_version": "v1", "replicate": 0, "text": ("prompt", text, True),
              "stage": "target_policy", "policy": "p", "row_id": "r1"}  # fmt: skip
    return Question(**(fields | changes))  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> AnswerStore:
    return AnswerStore(tmp_path / "answers.sqlite")


def finish(store: AnswerStore, q: Question, result: LogProbResult | ResponseResult | JudgementResult) -> None:
    (number,) = store.begin("run", [q])
    store.finish([Outcome(number, q, result, b"request", b"response")], "run")


def test_a_finished_answer_is_read_back_whole(store: AnswerStore) -> None:
    results = {
        "logprobs": LogProbResult.success((-0.5, -1.25), ("é", "\r\n"), ends_with_stop=True),
        "generate": ResponseResult.success("text 🙂", finish_reason="stop", n_tokens=2),
        "judge": JudgementResult.success(0.25, scale=(0.0, 1.0), raw="0.25"),
    }
    for kind, result in results.items():
        q = question(kind=kind)
        finish(store, q, result)
        assert store.find(kind, [q.key]) == {q.key: result}


def test_a_failed_answer_stays_an_attempt(store: AnswerStore) -> None:
    q = question()
    finish(store, q, LogProbResult.failure(FailureCode.TIMEOUT, "slow"))
    assert store.find("logprobs", [q.key]) == {}
    assert store.failures_by_code("run") == {"timeout": 1}
    assert store.attempts([q.key]) == {q.key: 1}


@pytest.mark.parametrize(
    "change",
    [
        {"identity": "j" * 64},
        {"scorer_version": "v2"},
        {"replicate": 1},
        {"kind": "judge"},
        {"text": ("prompt", "hello", False)},
    ],
)
def test_nothing_is_shared_across_identities(change: dict[str, object]) -> None:
    assert question(**change).key != question().key
    assert question(stage="judge", policy="q", row_id="r2").key == question().key


def test_a_damaged_answer_is_refused(store: AnswerStore, tmp_path: Path) -> None:
    q = question()
    finish(store, q, LogProbResult.success((-1.0,), ("a",)))
    with sqlite3.connect(tmp_path / "answers.sqlite") as db:
        db.execute("update answer set result = replace(result, '-1.0', '-2.0')")
    with pytest.raises(StoreError, match="does not match its hash"):
        store.find("logprobs", [q.key])


def test_what_was_in_flight_when_a_worker_died_is_counted(store: AnswerStore, tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from cje_audit.store.answers import *\n"
        "q = Question('logprobs', 'i', 'v', 0, ('a',), 'target_policy', 'p', 'r')\n"
        f"AnswerStore(Path({str(tmp_path / 'answers.sqlite')!r})).begin('run', [q]); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    assert store.in_flight("run") == 1
    assert (store.mark_lost("run"), store.counts("run").lost, store.in_flight("run")) == (1, 1, 0)
    assert store.mark_lost("run") == 1


def test_an_ended_attempt_is_not_lost(store: AnswerStore) -> None:
    finish(store, question(), LogProbResult.success((-1.0,), ("a",)))
    assert store.mark_lost("run") == 0


def test_raw_bodies_are_kept(store: AnswerStore) -> None:
    q = question()
    finish(store, q, LogProbResult.success((-1.0,), ("a",)))
    assert store.bodies(q.key) == [(b"request", b"response")]


def test_a_final_failure_ends_its_question_until_it_is_reopened(store: AnswerStore) -> None:
    q, other = question(), question("other", row_id="r2")
    failure = LogProbResult.failure(FailureCode.TIMEOUT, "slow")
    (number,) = store.begin("run", [q])
    store.finish([Outcome(number, q, failure, run="run", ends=True)])
    store.end("run", [(other, LogProbResult.failure(FailureCode.AUTH, "not asked"))])
    assert store.endings("run", [q.key, other.key]) == {
        q.key: failure,
        other.key: LogProbResult.failure(FailureCode.AUTH, "not asked"),
    }
    assert store.endings("another run", [q.key]) == {}
    assert [e.row_id for e in store.failed_questions("run", code="auth")] == ["r2"]
    store.reopen("run", [q.key])
    assert list(store.endings("run", [q.key, other.key])) == [other.key]
    assert store.attempts([q.key]) == {q.key: 1}


def test_numbers_that_are_not_finite_are_never_stored() -> None:
    result = LogProbResult(status=ResultStatus.OK, value=-1.0, tokens=("a",), token_logprobs=(float("nan"),))
    with pytest.raises(ValueError, match="finite"):
        encode(result)


def test_a_workspace_of_before_is_opened(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "answers.sqlite") as db:
        db.execute("create table attempt(id integer primary key, run text not null, key text not null, kind text not null, stage text "
                   "not null, policy text, row_id text not null, started_at real not null, ended_at real, status text not null, code text, "
                   "detail text, raw text)")  # fmt: skip
    store = AnswerStore(tmp_path / "answers.sqlite")
    finish(store, question(), LogProbResult.success((-1.0,), ("a",)))
    assert store.counts("run").ok == 1
