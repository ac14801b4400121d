"""The two journeys a person makes first: launch → live → results, and import → validation → row."""

import json
from pathlib import Path
from typing import Any

import pytest

from cje_audit.audit import ImportOptions
from cje_audit.domain.errors import ModelMissing
from cje_audit.providers.smollm.fetch import model_path
from tests.browser.conftest import Served
from tests.browser.tab import decide, launch, run_in, settled, upload, write
from tests.conftest import ROOT
from tests.pages.conftest import HOSTILE, rows_of_every_kind, script

api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = pytest.mark.browser


def see_results(tab: Any, served: Served, run: str) -> None:
    """Wait on the live page until the run has ended, go on to its results, and compare every sentence."""
    settled(tab, "Live")
    api.expect(tab.get_by_text("Worker ended").first).to_be_visible(timeout=300_000)
    tab.get_by_test_id("stMain").get_by_role("link", name="Results").click()
    settled(tab, "Results")
    assert run_in(tab.url) == run
    report = served.audit.report(run)
    for sentence in [report.summary.sentence, *(p.sentence for p in report.policies)]:
        assert tab.get_by_text(sentence, exact=True).first.inner_text() == sentence


def test_launch_live_results(page: Any, served: Served, shots: Path, tmp_path: Path) -> None:
    run = launch(page, served.url, script(tmp_path, delay_s=0.1))
    page.reload()  # closing or reloading the page does not stop the run
    see_results(page, served, run)
    page.screenshot(path=shots / "results.png", full_page=True)


@pytest.mark.slow
@pytest.mark.model
def test_launch_live_results_with_the_embedded_model(page: Any, served: Served) -> None:
    try:
        model_path()
    except ModelMissing:
        pytest.skip("the embedded model has not been fetched")
    text = (ROOT / "examples" / "embedded.yaml").read_text(encoding="utf-8")
    see_results(page, served, launch(page, served.url, text))


def test_a_fault_is_named_while_typing(page: Any, served: Served) -> None:
    page.goto(f"{served.url}/new-run")
    settled(page, "New run")
    write(page, "name: x\njudgee: {}\n")
    api.expect(page.get_by_text("judgee").first).to_be_visible(timeout=10_000)
    api.expect(page.get_by_role("button", name="Launch", exact=True)).to_be_disabled()


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows_of_every_kind()), encoding="utf-8")
    return path


def test_import_validation_row(page: Any, served: Served, shots: Path, rows: Path) -> None:
    page.goto(f"{served.url}/import")
    settled(page, "Import")
    upload(page, rows)
    page.get_by_role("button", name="Import", exact=True).click()
    page.wait_for_url("**/live?*run=*", timeout=30_000)
    api.expect(page.get_by_text("Worker ended").first).to_be_visible(timeout=120_000)
    run = run_in(page.url)
    page.get_by_test_id("stMain").get_by_role("link", name="Validation").click()
    settled(page, "Validation")
    failing = [c for c in served.audit.report(run).checks() if c.status == "fail"]
    assert failing
    for check in failing:
        api.expect(page.get_by_text(check.sentence, exact=True).first).to_be_visible()
    page.screenshot(path=shots / "validation.png", full_page=True)
    page.goto(f"{served.url}/row?run={run}&row=p00000")
    settled(page, "One row")
    api.expect(page.get_by_text(HOSTILE, exact=True)).to_be_visible()


def test_sign_off_reveal_void_download(page: Any, served: Served, shots: Path, rows: Path) -> None:
    run = served.audit.import_files([rows], ImportOptions(), name="to be signed")
    assert served.audit.wait(run, timeout_s=300).status == "complete"
    page.goto(f"{served.url}/results?run={run}")
    settled(page, "Results")
    decide(page, "Sign this report", "Sign", "Ada", "read in full")
    api.expect(page.get_by_text("Ada approved exactly this report on").first).to_be_visible(timeout=30_000)
    decide(page, "Reveal the number", "Reveal", "Bob", "the board asked")
    api.expect(page.get_by_text("because: the board asked")).to_be_visible(timeout=30_000)
    api.expect(page.get_by_text("Sign-off void").first).to_be_visible(timeout=30_000)
    page.screenshot(path=shots / "decided.png", full_page=True)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="HTML report", exact=True).click()
    assert served.audit.verify(str(waiting.value.path().rename(shots / "report.html"))) == ()
    assert [d.kind for d in served.audit.decisions(run)] == ["reveal", "sign"]
