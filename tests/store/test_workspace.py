"""The workspace database."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from cje_audit.domain.errors import NotFound, StoreError
from cje_audit.store.workspace import ProgressRecord, Workspace


def test_runs_are_found_by_id_prefix_and_latest(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    first, second = workspace.create("one", "import", "h"), workspace.create("two", "launch", "h")
    assert workspace.get(first.id) == first
    assert workspace.get("latest").id == second.id
    assert [r.name for r in workspace.all()] == ["two", "one"]
    with pytest.raises(NotFound, match="More than one"):
        workspace.get(first.id[:4])
    for unknown in ("zzz", "", "%", "' or 1=1 --"):
        with pytest.raises(NotFound, match="no run"):
            workspace.get(unknown)


def test_whose_a_run_is_stays_with_it_and_an_older_workspace_opens(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "workspace.sqlite") as db:  # as it was before runs had owners
        db.execute(
            "create table run(id text primary key, name text not null, kind text not null, status text not null, "
            "created_at real not null, finished_at real, config_hash text not null, data_hash text, pid integer, "
            "heartbeat real, request text, error text, sentence text, verdicts text not null default '{}')"
        )
        db.execute(
            "insert into run(id, name, kind, status, created_at, config_hash) values ('old', 'o', 'import', 'queued', 0, 'h')"
        )
    db.close()
    workspace = Workspace(tmp_path)
    mine = workspace.create("mine", "launch", "h", owner="ada")
    workspace.update(mine.id, status="complete")
    workspace.adopt(replace(workspace.get(mine.id), id="brought", owner="somebody there"), owner="bob")
    assert {r.id: r.owner for r in workspace.all()} == {mine.id: "ada", "old": None, "brought": "bob"}
    assert (workspace.get(mine.id).owner, workspace.get("old").owner, workspace.get("latest").owner) == (
        "ada",
        None,
        "bob",
    )


def test_only_one_worker_holds_a_run(tmp_path: Path) -> None:
    workspace, other = Workspace(tmp_path), Workspace(tmp_path)
    run = workspace.create("one", "import", "h").id
    assert workspace.claim(run, 11)
    assert not other.claim(run, 22)
    workspace.release(run, 22)
    assert not other.claim(run, 22)
    workspace.release(run, 11)
    assert other.claim(run, 22)


def test_a_request_reaches_the_worker_by_its_heartbeat(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    run = workspace.create("one", "import", "h").id
    workspace.claim(run, 11)
    assert workspace.heartbeat(run, 11) is None
    Workspace(tmp_path).update(run, request="cancel")
    assert workspace.heartbeat(run, 11) == "cancel"


def test_progress_and_events_are_kept_in_stage_order(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    run = workspace.create("one", "import", "h").id
    for stage in ("judge", "dataset"):
        workspace.set_progress(run, ProgressRecord(stage, "running", 3, 1, 0, 0, 1.0, 2.0, None))
    assert list(workspace.progress(run)) == ["dataset", "judge"]
    workspace.event(run, "first")
    workspace.event(run, "second", "judge")
    assert [e.text for e in workspace.events(run)] == ["second", "first"]


def test_the_audit_trail_is_append_only(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    run = workspace.create("one", "import", "h").id
    with sqlite3.connect(tmp_path / "workspace.sqlite") as db:
        db.execute("insert into decision(run, at, kind, by) values (?, 0, 'note', 'me')", (run,))
        for attack in ("update decision set by = 'you'", "delete from decision"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                db.execute(attack)


def test_a_folder_that_cannot_be_written_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be opened"):
        Workspace(tmp_path / "file")


def test_a_trashed_run_is_kept_and_comes_back(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    run = workspace.create("a", "import", "0")
    workspace.put_in_trash(run.id)
    workspace.put_in_trash(run.id)
    assert workspace.all() == []
    assert workspace.all(trashed=True) == [run]
    assert workspace.get(run.id) == run
    with pytest.raises(NotFound):
        workspace.get("latest")
    workspace.take_from_trash(run.id)
    assert workspace.all() == [workspace.get("latest")] == [run]
    workspace.close()
