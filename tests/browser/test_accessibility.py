"""No page has a serious accessibility violation (axe-core), in the light and in the dark theme."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from app.places import PLACES
from tests.browser.conftest import Served

pytestmark = pytest.mark.browser
SERIOUS = ("serious", "critical")
DARK = "rgb(17, 22, 29)"


@pytest.fixture(scope="module")
def demo(served: Served) -> str:
    run = served.audit.demo()
    served.audit.wait(run, timeout_s=120)
    return run


def opened(browser: Browser, url: str) -> Page:
    """Open a page in the light theme and wait until its script has ended and the dashboard's own style has come."""
    page = browser.new_page(viewport={"width": 1440, "height": 1000}, color_scheme="light")
    page.goto(url)
    page.wait_for_selector("h1", timeout=60_000)
    page.wait_for_function(
        "document.querySelector('[data-testid=stApp]')?.getAttribute('data-test-script-state') === 'notRunning'"
        " && getComputedStyle(document.querySelector('[data-testid=stCaptionContainer]')).opacity === '0.8'"
        " && !document.querySelector('[data-testid=stSkeleton]')"  # a part whose code is still being fetched
    )
    page.wait_for_timeout(300)
    return page


def violations(page: Page) -> list[str]:
    """Return the serious violations of a page: rule, why, and the first places."""
    found = [v for v in Axe().run(page).response["violations"] if v["impact"] in SERIOUS]
    return [
        f"{v['id']} ({v['impact']}): {v['help']}: {json.dumps([n['target'] for n in v['nodes'][:3]])}" for v in found
    ]


@pytest.mark.parametrize("place", list(PLACES))
def test_a_page_has_no_serious_violation(served: Served, demo: str, browser: Browser, place: str) -> None:
    row = served.audit.weights(demo, "two_examples").heaviest[0].row_id
    page = opened(browser, f"{served.url}/{PLACES[place].url_path}?run={demo}" + f"&row={row}" * (place == "row"))
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"getComputedStyle(document.querySelector('.stApp')).backgroundColor === '{DARK}'")
    page.wait_for_timeout(300)  # colours fade over
    assert violations(page) == []
    page.close()


def test_the_scan_can_fail(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<html lang='en'><title>x</title><main><h1>x</h1><img src='x.png'><button></button></main></html>")
    assert {v["id"] for v in Axe().run(page).response["violations"]} >= {"image-alt", "button-name"}
    page.close()
