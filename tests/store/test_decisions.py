"""The audit trail's table: whole entries, newest first, from several writers at once."""

import threading
from pathlib import Path

from cje_audit.store.decisions import Decisions
from cje_audit.store.workspace import Workspace


def test_entries_come_back_as_they_were_written_newest_first(tmp_path: Path) -> None:
    one, two = (Workspace(tmp_path).create(name, "import", "h").id for name in ("one", "two"))
    trail = Decisions(tmp_path)
    first = trail.append(one, "note", by="Ada", subject="run", reason="ü <b>", document={})
    second = trail.append(two, "sign", by="Bob", subject=None, reason=None, document={"decision": "approve"})
    assert (first.reason, second.document) == ("ü <b>", {"decision": "approve"})
    assert trail.of_run(one) == [first]
    assert trail.page(None, offset=0, limit=9) == [second, first]
    assert trail.page(two, offset=1, limit=9) == []
    assert (trail.count(None), trail.count(one)) == (2, 1)
    trail.close()


def test_two_people_at_once_lose_nothing(tmp_path: Path) -> None:
    run = Workspace(tmp_path).create("one", "import", "h").id

    def write(name: str) -> None:
        trail = Decisions(tmp_path)
        for number in range(10):
            trail.append(run, "note", by=name, subject="run", reason=str(number), document={})
        trail.close()

    writers = [threading.Thread(target=write, args=(name,)) for name in ("Ada", "Bob")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    trail = Decisions(tmp_path)
    assert sorted((e.by, e.reason) for e in trail.of_run(run)) == sorted(
        (name, str(number)) for name in ("Ada", "Bob") for number in range(10)
    )
    trail.close()
