"""A finished run whose report file is damaged: the same sentence through every door, and the way back."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from app import web
from cje_audit.audit import Audit
from cje_audit.domain.errors import StoreError
from cje_audit.store.files import RunFiles
from tests.app.test_web import workspace as workspace  # the fixture
from tests.audit.test_people import finished as finished  # what it is a copy of
from tests.cli.helpers import cje
from tests.pages.conftest import everything
from tests.pages.conftest import visit as visit  # the fixture


@pytest.fixture
def audit(workspace: Path) -> Iterator[Audit]:
    opened = Audit.open(workspace)
    yield opened
    opened.close()


def cut(audit: Audit, run: str) -> Path:
    """Break a report off in its middle, as a full disk would."""
    path = RunFiles(audit.workspace / "runs" / run).report
    path.write_bytes(path.read_bytes()[:1000])
    return path


def test_every_door_says_the_same_sentence(workspace: Path, audit: Audit, visit: Callable[..., AppTest]) -> None:
    run = audit.runs()[0].id
    cut(audit, run)
    with pytest.raises(StoreError) as caught:
        audit.report(run)
    error = caught.value
    assert error.sentence.startswith(f"report.json of run {run} is damaged: it should hold the whole report, but")
    for command in (("report", run), ("verify", run), ("export", run, "--out", workspace / "x.zip")):
        said = cje(workspace, *command)
        assert (said.code, said.err.splitlines()) == (2, [error.sentence, error.what_to_do])
    assert cje(workspace, "report", run, "--json").document == {"error": error.document()}
    ask = TestClient(Starlette(routes=web.routes()), base_url="http://127.0.0.1:8501")
    answer = ask.get(f"/api/runs/{run}/report")
    assert (answer.status_code, answer.json()) == (409, {"error": error.document()})
    for place in ("results", "validation", "rows"):
        at = visit(workspace, place, run=run)
        assert not at.exception
        assert [e.value.replace("\\", "") for e in at.error] == [error.sentence]
        assert f"What to do: {error.what_to_do}" in everything(at)
    assert not visit(workspace, "runs").error


def test_resume_writes_it_again_and_the_sign_off_holds(workspace: Path, audit: Audit) -> None:
    run = audit.runs()[0].id
    audit.sign(run, "approve", by="Ada")
    before = audit.report(run)
    path = cut(audit, run)
    assert cje(workspace, "resume", run).code == 0
    assert audit.report(run) == before
    path.unlink()
    audit.resume(run)
    assert audit.report(run) == before
    assert audit.report(run).sign_off.state == "approved"
    assert audit.verify(run) == ()
    written = path.stat().st_mtime_ns
    audit.resume(run)
    assert path.stat().st_mtime_ns == written


def test_a_run_that_came_as_a_bundle_is_mended_too(audit: Audit, tmp_path: Path) -> None:
    run = audit.runs()[0].id
    audit.export(run, tmp_path / "run.zip")
    other = Audit.open(tmp_path / "other")
    other.import_bundle(tmp_path / "run.zip")
    cut(other, run)
    with pytest.raises(StoreError, match="is damaged"):
        other.import_bundle(tmp_path / "run.zip")
    other.resume(run)
    assert other.report(run).report_hash() == audit.report(run).report_hash()
    other.close()


def test_a_damaged_overridden_report_is_decided_again(audit: Audit) -> None:
    run = audit.runs()[0].id
    failing = next(c for s in audit.report(run).stages for c in s.checks if c.status == "fail" and c.policy)
    audit.override(run, failing.id, policy=failing.policy, reason="known", by="Ada")
    before = audit.report(run)
    path = RunFiles(audit.workspace / "runs" / run).overridden
    path.write_text(path.read_text(encoding="utf-8").replace('"summary"', '"sommaire"'), encoding="utf-8")
    assert audit.report(run) == before
