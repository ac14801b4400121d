"""Two people look at one run: what one does, the other sees without reloading; a run beside it goes on."""

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Served
from tests.browser.tab import settled
from tests.pages.conftest import script

api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = pytest.mark.browser


def opened(browser: Any, url: str, run: str) -> Any:
    tab = browser.new_context(viewport={"width": 1200, "height": 900}).new_page()
    tab.set_default_timeout(60_000)
    tab.goto(f"{url}/live?run={run}")
    api.expect(tab.get_by_role("heading", name="Live", exact=True, level=1)).to_be_visible(timeout=60_000)
    api.expect(tab.get_by_text("Worker alive").first).to_be_visible(timeout=60_000)
    return tab


def test_what_one_cancels_the_other_sees_and_another_run_goes_on(served: Served, browser: Any, tmp_path: Path) -> None:
    watched = served.audit.launch(script(tmp_path / "one", delay_s=20))
    beside = served.audit.launch(script(tmp_path / "two", delay_s=0.2))
    ada, ben = opened(browser, served.url, watched), opened(browser, served.url, watched)
    ada.get_by_role("button", name="Cancel").click()
    api.expect(ben.get_by_text("Cancelled").first).to_be_visible(timeout=60_000)  # nobody reloads
    assert served.audit.wait(watched, timeout_s=60).status == "cancelled"
    assert served.audit.wait(beside, timeout_s=120).status == "complete"
    settled(ben, "Live")
    api.expect(ben.get_by_role("button", name="Resume")).to_be_visible(timeout=60_000)
    for tab in (ada, ben):
        tab.context.close()
