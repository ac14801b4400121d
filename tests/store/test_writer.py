import sqlite3
from pathlib import Path

from cje_audit.domain.errors import StoreError
from cje_audit.store.answers import AnswerStore
from cje_audit.store.writer import AnswerWriter
from tests.store.test_answers import question
from tests.store.test_journal import entry


def test_everything_that_was_handed_over_is_stored_and_safe(tmp_path: Path) -> None:
    store, safe, broken = AnswerStore(tmp_path / "answers.sqlite"), [], []
    writer = AnswerWriter(store.path, safe.extend, broken.append)
    for number in range(1, 301):
        writer.put(entry(number, str(number)))
    writer.close()
    assert (sorted(safe), broken, store.counts("run").ok) == (list(range(1, 301)), [], 300)
    assert len(store.find("logprobs", [question(str(n)).key for n in range(1, 301)])) == 300


def test_a_store_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    store, broken = AnswerStore(tmp_path / "answers.sqlite"), []
    with sqlite3.connect(store.path) as db:
        db.execute("create trigger full before insert on attempt begin select raise(abort, 'disk is full'); end")
    writer = AnswerWriter(store.path, lambda _: None, broken.append)
    writer.put(entry(1))
    writer.close()
    assert isinstance(broken[0], StoreError)
    assert "disk is full" in broken[0].sentence and "resume" in (broken[0].what_to_do or "")
