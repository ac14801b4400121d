"""Logs that the real tools made, imported in the browser from the upload to the row."""

from pathlib import Path
from typing import Any

import pytest

from cje_audit.formats.dry_run import NO_LOGPROBS
from tests.browser.conftest import Served
from tests.browser.tab import run_in, settled, upload
from tests.formats.logs.made import INSPECT, LM_WORDS, PROMPTFOO

api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = pytest.mark.browser

LOGS = {
    "an Inspect log": (INSPECT, "peru#1", "The capital of Peru is Lima.", 11),
    "an lm-evaluation-harness sample log": (LM_WORDS, "capitals_words-4", "lol", 6),
    "a promptfoo result": (PROMPTFOO, "test-4", "Lima.", 5),
}


@pytest.mark.parametrize("title", LOGS)
def test_a_real_log_is_imported_and_says_what_it_lacks(page: Any, served: Served, shots: Path, title: str) -> None:
    path, row, response, n_rows = LOGS[title]
    page.goto(f"{served.url}/import")
    settled(page, "Import")
    upload(page, path)
    seen = page.get_by_text(f"{path.name} is {title}")
    api.expect(seen).to_be_visible(timeout=30_000)
    assert seen.inner_text().endswith(NO_LOGPROBS)
    page.screenshot(path=shots / f"import-{path.suffix[1:]}.png", full_page=True)
    page.get_by_role("button", name="Import", exact=True).click()
    page.wait_for_url("**/live?*run=*", timeout=30_000)
    api.expect(page.get_by_text("Worker ended").first).to_be_visible(timeout=120_000)
    run = run_in(page.url)
    report = served.audit.report(run)
    assert report.stages[0].n_ok == n_rows
    page.goto(f"{served.url}/row?run={run}&row={row.replace('#', '%23')}")
    settled(page, "One row")
    api.expect(page.get_by_text(response, exact=True).first).to_be_visible(timeout=30_000)
    page.goto(f"{served.url}/results?run={run}")
    settled(page, "Results")
    api.expect(page.get_by_text(report.summary.sentence, exact=True).first).to_be_visible()
