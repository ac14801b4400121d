"""A click on a bar of the weight histogram shows exactly its rows."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Served
from tests.browser.tab import settled

pytestmark = pytest.mark.browser


def test_a_click_on_a_bar_shows_its_rows_and_is_in_the_address(served: Served, page: Any, shots: Path) -> None:
    run = served.audit.demo()
    served.audit.wait(run, timeout_s=120)
    page.goto(f"{served.url}/weights?run={run}&policy=two_examples")
    settled(page, "Weights")
    bars = page.locator(".stPlotlyChart").first.locator(".barlayer .point path")
    expect(bars.first).to_be_visible(timeout=60_000)
    tallest = max(range(bars.count()), key=lambda i: (bars.nth(i).bounding_box() or {"height": 0})["height"])
    box = bars.nth(tallest).bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    shown = page.get_by_text("of this bar are shown")
    expect(shown).to_be_visible(timeout=60_000)
    expect(page.locator("[class*=st-key-bar-row-0]")).to_be_visible()
    page.wait_for_url("**bar=*", timeout=60_000)
    page.screenshot(path=shots / "weights_bar.png", full_page=True)
