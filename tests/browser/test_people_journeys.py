"""Journeys of people who share and sign: compare → report → link in a logged-out browser, and sign → change → void."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from cje_audit.audit import Audit, ImportOptions
from tests.browser.conftest import Served
from tests.browser.tab import decide, log_in, settled, still
from tests.cli.helpers import cje
from tests.pages.conftest import HOSTILE, rows_of_every_kind

pytestmark = pytest.mark.browser
SECRET = "a long enough password"
NAMES = ("the old prompt", "the new prompt")


@pytest.fixture(scope="module")
def runs(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Two runs on the same prompts, in a workspace where Ada decides and Vera reads."""
    folder, audit, made = tmp_path_factory.mktemp("rows"), served.audit, []
    for number, name in enumerate(NAMES):
        rows = folder / f"{number}.jsonl"
        rows.write_text("".join(json.dumps(r) + "\n" for r in rows_of_every_kind()), encoding="utf-8")
        made.append(audit.import_files([rows], ImportOptions(), name=name))
        assert audit.wait(made[-1], timeout_s=300).status == "complete"
    audit.add_user("ada", "admin", SECRET)
    audit.login("ada", SECRET).add_user("vera", "viewer", SECRET)
    yield made[0], made[1]


@pytest.fixture
def ada(served: Served) -> Audit:
    """The workspace as Ada sees it."""
    return served.audit.login("ada", SECRET)


def compare(tab: Any, served: Served, ada: Audit, runs: tuple[str, str]) -> None:
    """Tick both runs in the list, and read the comparison the command line prints."""
    tab.goto(f"{served.url}/runs")
    settled(tab, "Runs")
    boxes = tab.get_by_test_id("stMain").get_by_role("checkbox", name="Compare")
    expect(boxes).to_have_count(len(runs))  # the list may still be on its way
    for box in boxes.all():
        box.check(force=True)
        still(tab)
        expect(box).to_be_checked()
    expect(tab.get_by_text(f"cje-audit compare {runs[1]} {runs[0]}")).to_be_visible()
    tab.get_by_role("link", name="Compare the two ticked runs").click()
    settled(tab, "Compare")
    expect(tab.get_by_text(ada.compare(runs[1], runs[0]).sentence, exact=True).first).to_be_visible()


def share(tab: Any) -> str:
    """Make a link on Results, and return it."""
    tab.get_by_role("button", name="Share this report").click()
    tab.get_by_role("button", name="Make a link").click()
    told = tab.locator(".st-key-share-link").get_by_test_id("stCode").first
    expect(told).to_contain_text("/share/", timeout=60_000)
    return str(told.inner_text().strip())


def test_compare_report_share_link_in_a_logged_out_browser(
    page: Any, browser: Any, served: Served, ada: Audit, runs: tuple[str, str], shots: Path
) -> None:
    log_in(page, served.url, "ada", SECRET)
    compare(page, served, ada, runs)
    page.get_by_role("link", name="Results of A").click()
    settled(page, "Results")
    run = runs[1]
    with page.expect_download() as waiting:
        page.get_by_role("button", name="HTML report, redacted").click()
    saved = waiting.value.path().rename(shots / "shared.html")
    assert ada.verify(str(saved)) == ()
    link = share(page)
    assert link.startswith(f"{served.url}/share/")

    stranger = browser.new_context(viewport={"width": 390, "height": 844})
    tab, asked = stranger.new_page(), []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(link)
    assert tab.get_by_role("heading", level=1).inner_text() == NAMES[1]
    report = ada.report(run)
    for sentence in (report.summary.sentence, *(p.sentence for p in report.policies)):
        assert tab.get_by_text(sentence, exact=True).first.inner_text() == sentence
    assert asked == [link]
    assert stranger.cookies() == []
    assert HOSTILE not in tab.content() and "p00000" not in tab.content()
    assert (
        tab.get_by_role("link").count() == tab.get_by_role("button").count() == tab.locator("form, input").count() == 0
    )
    assert tab.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    tab.screenshot(path=shots / "share-390.png", full_page=True)
    for other in ("results", "runs", "trail"):
        tab.goto(f"{served.url}/{other}?run={run}")
        expect(tab.get_by_text("Log in to see this workspace")).to_be_visible(timeout=60_000)
    assert [d.kind for d in ada.decisions(run)][:2] == ["open", "share"]

    page.reload()
    settled(page, "Results")
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_text("Withdrawn").first).to_be_visible(timeout=60_000)
    tab.goto(link)
    assert tab.get_by_text("This link was withdrawn. Ask whoever sent it for a new one.").is_visible()
    stranger.close()
    page.goto(f"{served.url}/trail?run={run}")
    settled(page, "Audit trail")
    for told in ("Link opened", "Link withdrawn", "Shared"):
        expect(page.get_by_text(told).first).to_be_visible()
    page.screenshot(path=shots / "trail-shared.png", full_page=True)


def test_sign_off_change_void(
    page: Any, served: Served, ada: Audit, runs: tuple[str, str], shots: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs[0]
    log_in(page, served.url, "ada", SECRET)
    page.goto(f"{served.url}/results?run={run}")
    settled(page, "Results")
    decide(page, "Sign this report", "Sign", None, "read in full")
    expect(page.get_by_text("ada (admin) approved exactly this report on")).to_be_visible()
    signed = ada.report(run).sign_off
    assert (signed.state, signed.by, signed.role, signed.note) == ("approved", "ada", "admin", "read in full")
    assert signed.report_hash == ada.report(run).report_hash()
    expect(page.get_by_text(f"Signed report hash {signed.report_hash}")).to_be_visible()

    page.goto(f"{served.url}/validation?run={run}")
    settled(page, "Validation")
    decide(page, "Override this check", "Override", None, "scored so on purpose")
    expect(page.get_by_text("because: scored so on purpose").first).to_be_visible(timeout=60_000)
    page.goto(f"{served.url}/results?run={run}")
    settled(page, "Results")
    changed = ada.report(run)
    assert changed.sign_off.state == "void"
    assert changed.report_hash() != signed.report_hash
    expect(page.get_by_text(changed.sign_off.sentence, exact=True)).to_be_visible()
    monkeypatch.setenv("CJE_AUDIT_USER", "ada")
    monkeypatch.setenv("CJE_AUDIT_PASSWORD", SECRET)
    assert changed.sign_off.sentence in cje(ada.workspace, "report", run).out.splitlines()
    assert f">{changed.sign_off.sentence}<" in ada.html(run)
    page.screenshot(path=shots / "void.png", full_page=True)
    assert [d.kind for d in ada.decisions(run)] == ["override", "sign"]
