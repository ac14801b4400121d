"""What a report says is in the browser's page, the terminal and the HTML file: the same bytes, in one element each."""

import html
from collections.abc import Iterator
from typing import Any

import pytest

from cje_audit.domain import spoken
from cje_audit.domain.report import Report
from tests.browser.conftest import Served
from tests.browser.tab import settled
from tests.cli.helpers import cje

pytestmark = pytest.mark.browser
SIZES = {"light": 1440, "dark": 390}
DOM_TEXTS = "[...document.querySelectorAll('[data-testid=stText]')].map(e => e.textContent)"


@pytest.fixture(scope="module")
def demo(served: Served) -> Iterator[str]:
    run = served.audit.demo()
    assert served.audit.wait(run, timeout_s=300).status == "complete"
    yield run


def sentences(report: Report) -> list[str]:
    """Return everything a report says, once each."""
    every = [*spoken.of_run(report), *spoken.of_numbers(report)]
    every += [told for policy in report.policies for told in spoken.of_policy(policy)]
    return list(dict.fromkeys(every))


@pytest.mark.parametrize("scheme", SIZES)
def test_the_page_holds_every_sentence_in_one_element(
    page: Any, served: Served, shots: Any, demo: str, scheme: str
) -> None:
    page.set_viewport_size({"width": SIZES[scheme], "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{served.url}/results?run={demo}")
    settled(page, "Results")
    page.locator("[data-testid=stExpander] summary").evaluate_all("all => all.forEach(s => s.click())")
    page.wait_for_timeout(300)
    shown = page.evaluate(DOM_TEXTS)
    assert [told for told in sentences(served.audit.report(demo)) if told not in shown] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.screenshot(path=shots / f"results-said-{scheme}.png", full_page=True)


def test_the_command_line_prints_every_sentence_on_one_line(served: Served, demo: str) -> None:
    printed = {line.strip() for line in cje(served.audit.workspace, "report", demo).out.splitlines()}
    assert [told for told in sentences(served.audit.report(demo)) if told not in printed] == []


def test_the_html_report_holds_every_sentence_in_one_element(served: Served, demo: str) -> None:
    text = html.unescape(served.audit.html(demo))
    report = served.audit.report(demo)
    assert len(sentences(report)) > 20
    assert [told for told in sentences(report) if f">{told}<" not in text] == []
