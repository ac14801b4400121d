"""From launch to report without a mouse: Tab, arrows, Enter and Space reach and work everything that is needed."""

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Served
from tests.browser.tab import run_in, settled, still
from tests.pages.conftest import script

api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = pytest.mark.browser

HERE = """() => { const e = document.activeElement, r = e.getBoundingClientRect();
  return {kind: e.getAttribute('role') || e.tagName, name: (e.getAttribute('aria-label') || e.innerText || '').trim(),
          ring: getComputedStyle(e).outlineStyle !== 'none', seen: r.width > 0 && r.height > 0}; }"""
FAR = 100  # how many stops a person may have to pass


def reach(tab: Any, kind: str, name: str) -> None:
    """Press Tab until the element of this kind and name has the focus, and see that the focus shows."""
    for _ in range(FAR):
        tab.keyboard.press("Tab")
        here = tab.evaluate(HERE)
        if here["kind"] == kind and here["name"].endswith(name):
            assert here["seen"]
            assert here["ring"] or kind == "TEXTAREA"  # a field shows its caret
            return
    raise AssertionError(f"no {kind} {name!r} within {FAR} stops of the Tab key")


def test_launch_results_and_report_without_a_mouse(page: Any, served: Served, tmp_path: Path) -> None:
    page.goto(f"{served.url}/new-run")
    settled(page, "New run")
    reach(page, "tab", "Form")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    reach(page, "TEXTAREA", "Experiment file (YAML)")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(script(tmp_path, delay_s=0))
    page.keyboard.press("ControlOrMeta+Enter")
    api.expect(page.get_by_text("target policies: clone, short.")).to_be_visible(timeout=60_000)
    still(page)
    reach(page, "BUTTON", "Launch")
    page.keyboard.press("Enter")
    page.wait_for_url("**/live?*run=*", timeout=120_000)
    run = run_in(page.url)
    assert served.audit.wait(run, timeout_s=120).status == "complete"
    settled(page, "Live")
    reach(page, "A", "Results")
    page.keyboard.press("Enter")
    settled(page, "Results")
    reach(page, "BUTTON", "HTML report")
    with page.expect_download() as waited:
        page.keyboard.press("Enter")
    assert Path(waited.value.path()).read_text(encoding="utf-8").startswith("<!doctype html>")
