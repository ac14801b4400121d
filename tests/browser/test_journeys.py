"""Journeys from end to end: import → fix the mapping → validation."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Served
from tests.browser.tab import run_in, settled, still, upload
from tests.conftest import synthetic_rows

pytestmark = pytest.mark.browser
RENAMED = {"prompt": "question", "response": "answer", "judge_score": "grade"}


def choose(tab: Any, label: str, option: str) -> None:
    """Choose an option of a list by typing it and Enter, as a person at the keyboard does: the list may still be moving."""
    still(tab)
    box = tab.get_by_role("combobox", name=label, exact=True)
    box.click()
    box.fill(option)
    expect(tab.get_by_role("option", name=option, exact=True)).to_be_visible()
    box.press("Enter")
    expect(box).to_have_value(option)
    still(tab)


def test_import_fix_the_mapping_validation(page: Any, served: Served, shots: Path, tmp_path: Path) -> None:
    rows = [{RENAMED.get(k, k): v for k, v in row.items()} for row in synthetic_rows(120, sd=0.3)]
    data = tmp_path / "renamed.jsonl"
    data.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    page.goto(f"{served.url}/import")
    settled(page, "Import")
    upload(page, data)
    expect(page.get_by_role("button", name="Import", exact=True)).not_to_be_visible()
    expect(page.get_by_label("prompt_id", exact=True)).to_be_visible()  # open by itself: no column has that name
    for field, column in RENAMED.items():
        choose(page, field, column)
    page.screenshot(path=shots / "journey_mapping.png", full_page=True)
    page.get_by_role("button", name="Import", exact=True).click()
    page.wait_for_url("**/live?*run=*", timeout=60_000)
    run = run_in(page.url)
    assert served.audit.wait(run, timeout_s=120).status == "complete"
    page.goto(f"{served.url}/validation?run={run}")
    settled(page, "Validation")
    report = served.audit.report(run)
    assert {p.n_used for p in report.policies if p.role == "target"} == {120}
    sentence = next(c.sentence for c in report.checks() if c.id == "judge.scored")
    page.screenshot(path=shots / "journey_validation.png", full_page=True)
    expect(page.get_by_text(sentence, exact=True).first).to_be_attached()  # folded away, as it passed
