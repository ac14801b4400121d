"""The page of failures on a launched run: rates, patterns, and what a failed row does to the estimates."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cje_audit.audit import Audit
from cje_audit.domain.on_failure import EFFECTS
from cje_audit.domain.retry import RetryChoice
from tests.audit.test_rescoring import N, imported
from tests.pages.conftest import World, everything, script, texts
from tests.stages.helpers import experiment
from tests.stages.helpers import script as scripted

Visit = Callable[..., AppTest]
FAULTS = [
    {"op": "logprobs", "policy": "short", "contains": "Question 1", "code": "timeout"},
    {"op": "judge", "contains": "Question 2", "code": "judge_refusal"},
]


@dataclass
class Failed:
    """A run in which 11 log-probs of `short` timed out and 5 judgements were refused."""

    audit: Audit
    run: str
    folder: Path

    def heal(self) -> None:
        """Let the provider answer from now on."""
        (self.folder / "script.json").write_text("{}", encoding="utf-8")


@pytest.fixture
def failed(tmp_path: Path) -> Iterator[Failed]:
    audit = Audit.open(tmp_path / "workspace")
    text = json.loads(script(tmp_path, delay_s=0.0))
    (tmp_path / "script.json").write_text(json.dumps({"faults": FAULTS}), encoding="utf-8")
    run = audit.launch(json.dumps({**text, "execution": {"concurrency": 2, "max_attempts": 1}}))
    assert audit.wait(run, timeout_s=60).status == "complete"
    yield Failed(audit, run, tmp_path)
    audit.close()


def test_rates_patterns_and_effects_are_said(visit: Visit, failed: Failed) -> None:
    at = visit(failed.audit.workspace, "failures", run=failed.run)
    assert not at.exception
    said, tables = texts(at), "\n".join(frame.value.to_csv() for frame in at.dataframe)
    for pattern in failed.audit.failure_patterns(failed.run):
        assert pattern.sentence in said
    assert any(told.startswith("timeout: all ") and "failures are of short; " in told for told in said)
    for by, groups in {"code": ("timeout", "judge_refusal"), "provider": ("scripted table",)}.items():
        found = [r for r in failed.audit.failure_rates(failed.run) if r.by == by]
        assert {r.group for r in found} >= set(groups)
        assert all(f"{r.n_failed} of {r.n}" in tables for r in found)
    assert {r.by for r in failed.audit.failure_rates(failed.run)} >= {"time", "length"}
    assert f"mark_missing: {EFFECTS['mark_missing']}" in said


def test_what_failed_is_asked_again_from_the_page(visit: Visit, failed: Failed) -> None:
    workspace, run = failed.audit.workspace, failed.run
    at = visit(workspace, "failures", run=run, code="timeout")
    assert failed.audit.retryable(run, RetryChoice(code="timeout")).sentence in texts(at)
    assert f"cje-audit retry {run} --code timeout" in [c.value for c in at.code]
    failed.heal()
    at.button(key="ask-again").click().run()
    assert not at.exception
    assert at.title[0].value == "Live"
    assert failed.audit.wait(run, timeout_s=60).status == "complete"
    page = failed.audit.retried(run)
    assert (page.total, page.n_recovered) == (11, 11)
    at = visit(workspace, "failures", run=run)
    assert not at.exception
    (repair,) = [r for r in failed.audit.report(run).repairs if r.act == "asked_again"]
    assert repair.sentence in texts(at)
    assert len([b for b in at.markdown if "Recovered" in b.value]) == 11


def test_one_row_is_chosen_by_its_button(visit: Visit, failed: Failed) -> None:
    at = visit(failed.audit.workspace, "failures", run=failed.run)
    at.button(key="again-0").click().run()
    assert not at.exception
    row = at.text_input(key="retry_row").value
    assert failed.audit.retryable(failed.run, RetryChoice(row=row)).sentence in texts(at)
    assert "1 failed question is asked again" in "\n".join(texts(at))


def test_an_import_asked_nothing_and_shows_no_rates(visit: Visit, world: World) -> None:
    at = visit(world.workspace, "failures", run=world.complete)
    assert not at.exception
    assert "How often attempts fail" not in [s.value for s in at.subheader]
    assert "on_failure" not in everything(at)


def test_an_import_says_whom_to_name_before_it_asks_anyone(visit: Visit, world: World) -> None:
    at = visit(world.workspace, "failures", run=world.complete, code="sentinel")
    assert not at.exception
    assert "This run was imported, so no provider is known that could be asked again." in texts(at)
    assert f"cje-audit retry {world.complete} --code sentinel --with experiment.yaml" in [c.value for c in at.code]
    assert not [b for b in at.button if b.key == "ask-again"]


def test_an_import_asks_the_provider_of_an_uploaded_file(visit: Visit, tmp_path: Path) -> None:
    config = tmp_path / "experiment.yaml"
    scripted(tmp_path)
    config.write_text(experiment(tmp_path, tmp_path / "script.json", n=N))
    audit = Audit.open(tmp_path / "workspace")
    run = imported(audit, tmp_path, config)
    at = visit(audit.workspace, "failures", run=run, code="sentinel")
    at.file_uploader(key="provider-file").upload("experiment.yaml", config.read_bytes(), "application/yaml").run()
    assert not at.exception
    assert any(told.startswith("6 failed cells are asked for (6 sentinel)") for told in texts(at))
    at.button(key="ask-again").click().run()
    assert not at.exception and at.title[0].value == "Live"
    assert audit.wait(run, timeout_s=60).status == "complete"
    assert audit.failures(run, code="sentinel").total == 0
    at = visit(audit.workspace, "failures", run=run)
    assert any("On 20 intact rows its values are 0 nats per token" in told for told in texts(at))
    audit.close()
