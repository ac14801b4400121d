from pathlib import Path

import pytest

from cje_audit.domain.results import LogProbResult
from cje_audit.store import journal
from cje_audit.store.answer_rows import Entry, Outcome, entry_of
from cje_audit.store.answers import AnswerStore
from cje_audit.store.journal import Journal, Mark, journal_files, read_journal
from tests.store.test_answers import question


def entry(number: int, text: str = "hello") -> Entry:
    result = LogProbResult.success((-1.0,), ("a",))
    return entry_of(Outcome(number, question(text), result, run="run", started_at=1.0, ended_at=2.0))


def test_what_began_and_ended_is_read_back(tmp_path: Path) -> None:
    kept = Journal(tmp_path, "run", 7)
    assert (kept.begin(question()), kept.begin(question("other"))) == (7, 8)
    kept.end(entry(7))
    (path,) = journal_files(tmp_path, "run")
    first, second, end = read_journal(path)
    assert isinstance(first, Mark) and isinstance(second, Mark) and isinstance(end, Entry)
    assert (first.attempt, second.attempt, end) == (7, 8, entry(7))


def test_a_line_that_was_cut_is_left_out(tmp_path: Path) -> None:
    kept = Journal(tmp_path, "run", 1)
    kept.begin(question())
    (path,) = journal_files(tmp_path, "run")
    raw = path.read_bytes()
    for cut in range(len(raw) - 1):
        path.write_bytes(raw[:cut])
        assert list(read_journal(path)) == []


def test_old_files_go_once_their_answers_are_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "LARGEST", 100)
    kept = Journal(tmp_path, "run", 1)
    for _ in range(4):
        kept.begin(question())
    assert len(journal_files(tmp_path, "run")) == 4
    kept.forget_before(3)
    assert len(journal_files(tmp_path, "run")) == 2
    kept.close(forget=True)
    assert journal_files(tmp_path, "run") == []


def test_an_answer_that_a_kill_kept_from_the_database_is_taken_over(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path / "answers.sqlite")
    numbers = store.begin("run", [question(), question("other")])
    store.end_attempt("run", entry(numbers[0]))
    store.close()
    again = AnswerStore(tmp_path / "answers.sqlite")
    assert again.mark_lost("run") == 1
    assert again.known([question().key, question("other").key]) == {question().key}
    assert (again.counts("run").ok, again.counts("run").lost) == (1, 1)
    again.close()
