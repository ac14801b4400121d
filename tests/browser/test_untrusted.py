"""Texts of strangers stay text: a dataset made of attacks, and every page, file and terminal that shows it."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote as quoted

import polars as pl
import pytest

from app.places import PLACES
from cje_audit.audit import Audit, ImportOptions
from cje_audit.domain.register import Proposal
from cje_audit.domain.row_search import RowQuery
from cje_audit.domain.untrusted import visible
from cje_audit.report.estimates_csv import FORMULA as STARTS
from tests.browser import look
from tests.browser.conftest import Served
from tests.browser.tab import still
from tests.browser.test_report_file import opened
from tests.cli.helpers import cje
from tests.hostile import ATTACKS, BEACON, SCRIPT, TURNED, hostile_file

api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = pytest.mark.browser

FOREIGN = """() => [...document.querySelectorAll('[src], [href], [data]')].map(e => e.src || e.href || e.data)
  .filter(x => typeof x === 'string' && !x.startsWith('data:') && new URL(x).origin !== location.origin)
  .concat([...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => a.name.startsWith('on')))
    .map(e => e.outerHTML.slice(0, 160)))"""
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
BROKEN_OUT = """() => { const main = document.querySelector('[data-testid=stMain]'); const right = main.getBoundingClientRect().right;
  return [...main.querySelectorAll('[data-testid=stText], [data-testid=stCode], [data-testid=stCaptionContainer], h1, h2, h3')]
    .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > right + 1).map(e => e.outerHTML.slice(0, 160)); }"""
STEERS = ("\x1b", "\x9b", "\x07", "\u202e", "\u2066", "\u200f")


@pytest.fixture(scope="module")
def run(served: Served, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An import of the attacks, with a note, a person's finding and a reveal that are attacks as well."""
    audit = served.audit
    run = audit.import_files([hostile_file(tmp_path_factory.mktemp("hostile"))], ImportOptions(), name=SCRIPT)
    assert audit.wait(run, timeout_s=300).status == "complete"
    audit.note(run, ATTACKS[1] + ATTACKS[3], by="Ada <b>")
    audit.add_finding(run, Proposal(severity="high", title=SCRIPT, evidence=ATTACKS[1] + ATTACKS[5]), by="Bob =1+1")
    return run


def drawn(tab: Any, url: str) -> None:
    """Open a page and wait until it is drawn whole, charts included."""
    tab.goto(url)
    tab.wait_for_selector("h1", timeout=60_000)
    for _ in range(2):
        still(tab)
        tab.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')", timeout=60_000)
        tab.wait_for_timeout(400)


def looked_at(tab: Any) -> list[str]:
    """Return what is wrong with what a tab shows: a script that ran, a foreign element, an exception, a broken layout."""
    wrong = [f"foreign {x}" for x in tab.evaluate(FOREIGN)]
    wrong += [f"broken out {x}" for x in tab.evaluate(BROKEN_OUT)]
    wrong += ["a script ran"] if tab.evaluate("window.pwned !== undefined") else []
    wrong += ["wider than the window"] if tab.evaluate(WIDER) else []
    wrong += [f"clipped {x}" for x in look.seen(tab, "clipped")]
    wrong += [f"overlapping {x}" for x in look.seen(tab, "overlapping")]
    wrong += ["an exception"] if tab.get_by_test_id("stException").count() else []
    return wrong


def addresses(audit: Audit, run: str) -> Iterator[tuple[str, str]]:
    """Give every page about the run, and the page of a row of each attack."""
    for place in PLACES.values():
        yield place.title, f"/{place.url_path}?run={run}"
    first = [cell.row_id for cell in audit.find_rows(run, RowQuery(), limit=7).rows]
    for index, row in enumerate(first):
        yield f"row {index}", f"/row?run={run}&row={quoted(row)}"


def test_no_page_runs_loads_or_breaks_on_what_strangers_wrote(page: Any, served: Served, shots: Path, run: str) -> None:
    found = {}
    for title, address in addresses(served.audit, run):
        page.set_viewport_size({"width": 390, "height": 900})
        drawn(page, f"{served.url}{address}")
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(300)
            page.screenshot(path=shots / f"untrusted-{title.lower().replace(' ', '-')}-{width}.png")
            if wrong := looked_at(page):
                found[title, width] = wrong
    assert found == {}


def test_the_attacks_are_shown_as_the_text_they_are(page: Any, served: Served, run: str) -> None:
    drawn(page, f"{served.url}/row?run={run}&row={quoted(f'{SCRIPT}0')}")
    assert SCRIPT in page.get_by_test_id("stMain").inner_text()
    drawn(page, f"{served.url}/row?run={run}&row={quoted(f'{TURNED}4')}")
    shown = page.get_by_test_id("stMain").inner_text()
    assert visible(TURNED) in shown and "\u202e" not in shown


def test_the_detector_finds_what_it_looks_for(browser: Any) -> None:
    tab = browser.new_context(offline=True).new_page()
    tab.set_content(f"<div data-testid=stMain style='width:300px'><p data-testid=stText>x</p>{SCRIPT}</div>")
    tab.wait_for_timeout(200)
    wrong = looked_at(tab)
    assert "a script ran" in wrong and any(w.startswith("foreign") for w in wrong)
    tab.set_content(
        "<div data-testid=stMain style='width:300px'><p data-testid=stText style='width:2000px'>x</p></div>"
    )
    assert {w.split()[0] for w in looked_at(tab)} >= {"broken", "wider"}
    tab.context.close()


def test_the_report_file_runs_nothing_and_asks_for_nothing(
    browser: Any, served: Served, run: str, tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    file.write_text(served.audit.html(run), encoding="utf-8")
    for width in (1440, 390):
        tab, seen = opened(browser, file, width)
        assert seen == [file.as_uri()]
        assert not tab.evaluate("window.pwned !== undefined") and not tab.evaluate(WIDER)
        assert SCRIPT in tab.inner_text("body")
        tab.context.close()


def test_no_terminal_is_steered(served: Served, run: str) -> None:
    for command in (["report", run], ["runs"], ["findings", "list", run]):
        done = cje(served.audit.workspace, *command)
        assert done.out
        assert [sign for sign in STEERS if sign in done.out + done.err] == []


def test_no_cell_of_an_export_is_a_formula(served: Served, run: str) -> None:
    csv.field_size_limit(2**31 - 1)
    for text in (
        served.audit.rows_csv(run).decode("utf-8"),
        served.audit.estimates_csv(run),
        served.audit.findings_text(run, "csv"),
    ):
        for line in list(csv.reader(io.StringIO(text)))[1:]:
            assert [cell for cell in line if cell.startswith(STARTS) and not number(cell)] == []
    table = pl.read_parquet(io.BytesIO(served.audit.estimates_parquet(run)))
    texts = [cell for column in table.iter_columns() if column.dtype == pl.String for cell in column.drop_nulls()]
    assert [cell for cell in texts if cell.startswith(STARTS)] == []
    markdown = served.audit.findings_text(run, "markdown")
    assert "<script>" not in markdown and f"![x]({BEACON}" not in markdown


def number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
