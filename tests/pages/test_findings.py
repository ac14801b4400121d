"""The Findings page: every finding with its links, filters, forms and exports."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cje_audit.audit import Audit
from cje_audit.domain.register import Proposal
from tests.pages.conftest import HOSTILE, World, everything, texts

Visit = Callable[..., AppTest]


@pytest.fixture
def workspace(world: World, tmp_path: Path) -> Path:
    return Path(shutil.copytree(world.workspace, tmp_path / "workspace"))


def test_findings_stand_with_evidence_and_what_was_decided(visit: Visit, workspace: Path, world: World) -> None:
    audit = Audit.open(workspace)
    audit.add_finding(world.complete, Proposal(title=HOSTILE, severity="critical", evidence=HOSTILE), by="Bob")
    audit.decide_finding(world.complete, "dataset.manifest", "accepted", reason="a test", by="Ada")
    register = audit.findings(world.complete)
    audit.close()
    at = visit(workspace, "findings", run=world.complete)
    assert not at.exception
    assert at.title[0].value == "Findings"
    said = texts(at)
    assert register.sentence in said
    assert HOSTILE in said
    assert all(f.evidence in said for f in register.findings[:20])
    assert any(text.startswith("Ada, ") and text.endswith("UTC: a test") for text in said)
    assert f"cje-audit findings list {world.complete} --csv findings.csv" in everything(at)


def test_the_filters_narrow_the_list(visit: Visit, workspace: Path, world: World) -> None:
    at = visit(workspace, "findings", run=world.complete, severity="Medium")
    audit = Audit.open(workspace)
    medium = [f for f in audit.findings(world.complete).findings if f.severity == "medium"]
    every = len(audit.findings(world.complete).findings)
    audit.close()
    assert any(f"{len(medium)} of {every} findings" in c.value for c in at.caption)


def test_a_person_adds_a_finding_and_decides(visit: Visit, workspace: Path, world: World) -> None:
    at = visit(workspace, "findings", run=world.complete)
    at.text_input(key="finding-title").set_value("Old prompts").run()
    at.text_input(key="add-finding-by").set_value("Bob")
    at.text_area(key="add-finding-text").set_value("All of 2023.")
    next(b for b in at.button if b.label == "Add").click().run()
    assert not at.exception
    assert "All of 2023." in texts(at)
    audit = Audit.open(workspace)
    added = next(f for f in audit.findings(world.complete).findings if f.source == "person")
    at.button_group(key=f"status-{added.key}").set_value("done").run()
    at.text_input(key=f"decide-{added.key}-by").set_value("Ada")
    at.text_area(key=f"decide-{added.key}-text").set_value("replaced")
    next(b for b in at.button if b.label == "Store" and added.key in b.key).click().run()
    assert not at.exception
    settled = next(f for f in audit.findings(world.complete).findings if f.id == added.id)
    audit.close()
    assert (settled.status, settled.decided_by) == ("done", "Ada")


def test_a_review_model_that_cannot_be_reached_is_a_sentence(visit: Visit, workspace: Path, world: World) -> None:
    at = visit(workspace, "findings", run=world.complete)
    at.text_input(key="review-address").set_value("http://127.0.0.1:9/v1")
    at.text_input(key="review-model").set_value("none")
    next(b for b in at.button if b.label == "Ask").click().run()
    assert not at.exception
    assert "gave no answer" in at.error[0].value
