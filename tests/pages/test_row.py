"""One row of a launched run: what moved its weight, and every attempt with what went over the wire."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cje_audit.audit import Audit
from tests.pages.conftest import everything, script

Visit = Callable[..., AppTest]


@pytest.fixture(scope="module")
def launched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("row")
    text = script(folder, delay_s=0.0)
    fault = {"code": "unparseable", "op": "judge", "times": 1}
    (folder / "script.json").write_text(json.dumps({"faults": [fault]}), encoding="utf-8")
    audit = Audit.open(folder / "workspace")
    run = audit.launch(text)
    assert audit.wait(run, timeout_s=120).status == "complete"
    audit.close()
    return folder / "workspace", run


def test_the_ratios_of_the_tokens_add_up_to_the_rows_log_ratio(launched: tuple[Path, str]) -> None:
    audit = Audit.open(launched[0])
    row = audit.row(launched[1], "q3")
    targets = [c for c in row.cells if c.stage == "target_policy"]
    assert targets
    for cell in targets:
        total = next(w.log_ratio for w in row.weights if w.policy == cell.policy)
        assert len(cell.token_log_ratios) == len(cell.tokens) > 0
        assert sum(cell.token_log_ratios) == pytest.approx(total, abs=1e-9)
    audit.close()


def test_attempts_are_listed_with_their_code_and_in_order(launched: tuple[Path, str], visit: Visit) -> None:
    audit = Audit.open(launched[0])
    found = audit.attempts(launched[1], "q3")
    audit.close()
    judged = [(a.status, a.code) for a in found if a.stage == "judge"]
    assert judged == [("failed", "unparseable"), ("ok", None)]
    assert {a.stage for a in found} == {"logging_policy", "target_policy", "judge"}
    at = visit(launched[0], "row", run=launched[1], row="q3")
    assert not at.exception
    labels = [e.label for e in at.expander if " · " in e.label]  # the others hold the texts that were scored
    assert sum("unparseable" in label and "failed" in label for label in labels) == 1
    assert len(labels) == len(found)
    assert "What moved the weight" in [s.value for s in at.subheader]
    assert "together they make the log ratio" in everything(at)


def test_an_id_that_no_row_has_is_said_as_that(launched: tuple[Path, str], visit: Visit) -> None:
    at = visit(launched[0], "row", run=launched[1], row="Q3")
    assert not at.exception
    assert [e.value.replace("\\", "") for e in at.error] == ["This run has no row with the id 'Q3'."]
    assert "What to do: Check the id, capitals too, or search the Rows page for its words." in everything(at)
    assert at.text_input(key="row").value == "Q3"
