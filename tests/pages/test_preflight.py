"""The preflight on *New run*, on a server that goes wrong on purpose."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from cje_audit.audit import Audit
from tests.faults.fixtures import running as running  # the fixture
from tests.faults.fixtures import server as server  # the fixture
from tests.faults.running import FaultServer
from tests.pages.conftest import everything
from tests.stages.doctor.asking import written

Visit = Callable[..., AppTest]


@pytest.fixture
def text(server: FaultServer, tmp_path: Path) -> str:
    return written(server.url, tmp_path)


def opened(visit: Visit, tmp_path: Path, text: str) -> AppTest:
    at = visit(tmp_path / "w", "new_run")
    return at.text_area(key="experiment_draft").set_value(text).run()


def press(at: AppTest, label: str) -> AppTest:
    at = next(b for b in at.button if b.label == label).click().run()
    assert not at.exception
    return at


def runs(tmp_path: Path) -> Any:
    audit = Audit.open(tmp_path / "w")
    try:
        return audit.runs()
    finally:
        audit.close()


def test_the_endpoints_are_checked_at_a_press_and_an_edit_forgets_what_was_found(
    visit: Visit, tmp_path: Path, text: str
) -> None:
    at = press(opened(visit, tmp_path, text), "Check the endpoints")
    assert "The preflight found nothing that blocks a launch" in everything(at)
    assert "Every value is a finite number of at most 0" in everything(at)
    assert "Launch anyway" not in [b.label for b in at.button]
    at.text_area(key="experiment_draft").set_value(text.replace("Be odd.", "Be even.")).run()
    assert "The preflight found" not in everything(at)


def test_launch_runs_the_preflight_and_one_that_blocks_starts_nothing(
    visit: Visit, server: FaultServer, tmp_path: Path, text: str
) -> None:
    server.configure(mix={"ignored_echo": 1.0})
    at = press(opened(visit, tmp_path, text), "Launch")
    assert "The preflight blocks the launch" in everything(at)
    assert "the server ignored the request for log-probs of given text" in everything(at)
    at = press(at, "Launch")
    assert at.error[0].value.startswith("The preflight blocks the launch")
    assert runs(tmp_path) == ()


def test_it_is_set_aside_by_name_and_for_a_reason_and_the_report_says_so(
    visit: Visit, server: FaultServer, tmp_path: Path, text: str
) -> None:
    server.configure(mix={"shifted": 1.0})
    at = press(opened(visit, tmp_path, text), "Check the endpoints")
    at = press(at, "Launch anyway")
    assert any("a reason" in e.value or "a name" in e.value for e in at.error)
    assert runs(tmp_path) == ()
    at.text_input(key="preflight-aside-by").set_value("Ada")
    at.text_area(key="preflight-aside-text").set_value("a known quirk")
    at = press(at, "Launch anyway")
    assert at.title[0].value == "Live"
    audit = Audit.open(tmp_path / "w")
    run = audit.runs()[0].id
    try:
        assert audit.wait(run, timeout_s=120).status == "complete"
        assert [(e.kind, e.by, e.reason) for e in audit.decisions(run)] == [("preflight", "Ada", "a known quirk")]
        said = "Ada launched this run although its preflight failed (doctor.alignment base; doctor.alignment odd)"
        assert any(warning.startswith(said) for warning in audit.report(run).summary.warnings)
        assert audit.verify(run) == ()
    finally:
        audit.close()
    assert said in everything(visit(tmp_path / "w", "results", run=run))
