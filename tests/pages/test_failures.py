"""The page of failures on a launched run: rates, patterns, and what a failed row does to the estimates."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cje_audit.audit import Audit
from cje_audit.domain.on_failure import EFFECTS
from tests.pages.conftest import World, everything, script, texts

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


def test_an_import_asked_nothing_and_shows_no_rates(visit: Visit, world: World) -> None:
    at = visit(world.workspace, "failures", run=world.complete)
    assert not at.exception
    assert "How often attempts fail" not in [s.value for s in at.subheader]
    assert "on_failure" not in everything(at)
