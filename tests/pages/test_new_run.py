from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from cje_audit.audit import Audit
from tests.pages.conftest import script

Visit = Callable[..., AppTest]


def test_a_mistyped_key_is_named_and_nothing_can_be_launched(visit: Visit, tmp_path: Path) -> None:
    at = visit(tmp_path / "fresh", "new_run")
    at.text_area[0].set_value("name: x\njudgee: {}\n").run()
    assert not at.exception
    assert at.error[0].value == "The experiment file is not valid yet."
    assert any("judgee" in t.value for t in at.text)
    assert next(b for b in at.button if b.label == "Launch").disabled


def test_a_pasted_experiment_is_launched_and_its_live_page_opens(visit: Visit, tmp_path: Path) -> None:
    at = visit(tmp_path / "fresh", "new_run")
    at.text_area[0].set_value(script(tmp_path, delay_s=0)).run()
    assert at.success[0].value == "The experiment file is valid."
    next(b for b in at.button if b.label == "Launch").click().run()
    assert not at.exception
    assert at.title[0].value == "Live"
    audit = Audit.open(tmp_path / "fresh")
    run = audit.runs()[0]
    assert audit.wait(run.id, timeout_s=120).status == "complete"
    audit.close()
    assert at.query_params["run"] == run.id


def test_the_command_line_that_does_the_same_is_shown(visit: Visit, tmp_path: Path) -> None:
    at = visit(tmp_path / "fresh", "new_run")
    at.text_area[0].set_value(script(tmp_path, delay_s=0)).run()
    assert "cje-audit run experiment.yaml" in [c.value for c in at.code]


def test_a_pasted_file_name_is_found_once_it_is_uploaded(visit: Visit, tmp_path: Path) -> None:
    text = script(tmp_path, delay_s=0).replace(str(tmp_path / "prompts.jsonl"), "mine.jsonl")
    at = visit(tmp_path / "fresh", "new_run")
    at.text_area[0].set_value(text).run()
    assert any("There is no data file mine.jsonl" in t.value for t in at.text)
    assert any("Upload it" in t.value for t in at.text)
    body = (tmp_path / "prompts.jsonl").read_bytes()
    at.file_uploader(key="prompts").set_value(("mine.jsonl", body, "application/x-ndjson")).run()
    assert "data: {path: mine.jsonl}" in [c.value for c in at.code]
    assert at.success[0].value == "The experiment file is valid."
