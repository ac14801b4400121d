from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from cje_audit.audit import Audit
from cje_audit.domain.experiment import parse_experiment
from tests.pages.conftest import script

Visit = Callable[..., AppTest]


def test_a_mistyped_key_is_named_and_nothing_can_be_launched(visit: Visit, tmp_path: Path) -> None:
    at = visit(tmp_path / "fresh", "new_run")
    at.text_area(key="experiment_draft").set_value("name: x\njudgee: {}\n").run()
    assert not at.exception
    assert at.error[0].value == "The experiment file is not valid yet."
    assert any("judgee" in t.value for t in at.text)
    assert next(b for b in at.button if b.label == "Launch").disabled


def test_a_pasted_experiment_is_launched_and_its_live_page_opens(visit: Visit, tmp_path: Path) -> None:
    at = visit(tmp_path / "fresh", "new_run")
    at.text_area(key="experiment_draft").set_value(script(tmp_path, delay_s=0)).run()
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
    at.text_area(key="experiment_draft").set_value(script(tmp_path, delay_s=0)).run()
    assert any("cje-audit run experiment.yaml" in c.value for c in at.code)


def test_a_pasted_file_name_is_found_once_it_is_uploaded(visit: Visit, tmp_path: Path) -> None:
    text = script(tmp_path, delay_s=0).replace(str(tmp_path / "prompts.jsonl"), "mine.jsonl")
    at = visit(tmp_path / "fresh", "new_run")
    at.text_area(key="experiment_draft").set_value(text).run()
    assert any("There is no data file mine.jsonl" in t.value for t in at.text)
    assert any("Upload it" in t.value for t in at.text)
    body = (tmp_path / "prompts.jsonl").read_bytes()
    at.file_uploader(key="prompts").set_value(("mine.jsonl", body, "application/x-ndjson")).run()
    assert "data: {path: mine.jsonl}" in [c.value for c in at.code]
    assert at.success[0].value == "The experiment file is valid."


def test_the_form_writes_the_file_and_the_file_fills_the_form(visit: Visit, tmp_path: Path) -> None:
    at = visit(tmp_path / "fresh", "new_run")
    at.text_area(key="experiment_draft").set_value(script(tmp_path, delay_s=0)).run()
    assert at.text_input(key="form-name").value == "scripted questions"
    assert at.number_input(key="form-execution.concurrency").value == 2
    at.number_input(key="form-execution.concurrency").set_value(7).run()
    at.selectbox(key="form-judge.kind").set_value("logprob").run()
    at.text_input(key="form-target_policies.1.name").set_value("brief").run()
    at.number_input(key="form-estimation.decision.margin").set_value(0.02).run()
    assert not at.exception
    read = parse_experiment(at.text_area(key="experiment_draft").value)
    assert (read.execution.concurrency, read.judge.kind, read.target_policies[1].name) == (7, "logprob", "brief")
    assert any("ship if the difference to base exceeds 0.02" in t.value for t in at.text)


def test_policies_are_added_and_removed_in_the_form(visit: Visit, tmp_path: Path) -> None:
    at = visit(tmp_path / "fresh", "new_run")
    at.text_area(key="experiment_draft").set_value(script(tmp_path, delay_s=0)).run()
    next(b for b in at.button if b.label == "Add a target policy").click().run()
    at.button(key="form-section-target_policy-1-remove").click().run()
    assert not at.exception
    read = parse_experiment(at.text_area(key="experiment_draft").value)
    assert [p.name for p in read.target_policies] == ["clone", "policy-1"]


def test_a_text_that_is_no_experiment_has_no_form_and_says_so(visit: Visit, tmp_path: Path) -> None:
    at = visit(tmp_path / "fresh", "new_run")
    at.text_area(key="experiment_draft").set_value("just words").run()
    assert not at.exception
    assert any("there is no form of it" in c.value for c in at.caption)


def test_what_it_would_ask_and_cost_is_said_before_a_launch(visit: Visit, tmp_path: Path) -> None:
    at = visit(tmp_path / "fresh", "new_run")
    at.text_area(key="experiment_draft").set_value(script(tmp_path, delay_s=0)).run()
    assert any(t.value.startswith("About 120 requests") for t in at.text)  # 24 × (write + 3 scores + 1 judge)
    assert any("there is no price for table" in t.value for t in at.text)


def test_a_pilot_is_launched_and_the_rest_follows_it(visit: Visit, tmp_path: Path) -> None:
    at = visit(tmp_path / "fresh", "new_run")
    at.text_area(key="experiment_draft").set_value(script(tmp_path, delay_s=0)).run()
    at.number_input(key="pilot_size").set_value(6).run()
    next(b for b in at.button if b.label == "Launch a pilot").click().run()
    assert not at.exception
    audit = Audit.open(tmp_path / "fresh")
    run = audit.wait(at.query_params["run"], timeout_s=120)
    found = audit.pilot(run.id)
    assert found is not None
    assert (found.size.n, found.size.n_total) == (6, 24)
    rest = audit.run_rest(run.id)
    assert audit.wait(rest, timeout_s=120).status == "complete"
    assert audit.pilot(rest) is None
    audit.close()
