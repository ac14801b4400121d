"""The report file in Chromium with the network switched off: nothing is asked for, nothing is cut off, A4 or phone."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cje_audit.audit import Audit, ImportOptions
from tests.pages.conftest import rows_of_every_kind

api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = pytest.mark.browser

A4_PX, MARGIN_PX = 794, 57  # 210 mm and 15 mm at 96 dots per inch
CUT = """() => [...document.querySelectorAll('body *')].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width && (box.right > document.documentElement.clientWidth + 1 || box.left < -1);
}).map(e => e.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Audit, Path, Path]]:
    """The whole and the redacted report of a run with failures, refusals and hostile texts, and what can verify them."""
    folder = tmp_path_factory.mktemp("report")
    rows = folder / "rows.jsonl"
    rows.write_text("".join(json.dumps(r) + "\n" for r in rows_of_every_kind()), encoding="utf-8")
    audit = Audit.open(folder / "workspace")
    name = "<script>alert(7)</script> \u202eturned\x1b[31m " + "unbroken" * 12
    run = audit.import_files([rows], ImportOptions(), name=name)
    assert audit.wait(run, timeout_s=300).status == "complete"
    whole, redacted = folder / "whole.html", folder / "redacted.html"
    whole.write_text(audit.html(run), encoding="utf-8")
    redacted.write_text(audit.html(run, redact=True), encoding="utf-8")
    yield audit, whole, redacted
    audit.close()


def opened(browser: Any, file: Path, width: int) -> tuple[Any, list[str]]:
    """Open a file without a network; return the tab and every request it tried and dialog it opened."""
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
    tab = context.new_page()
    seen: list[str] = []
    tab.on("request", lambda request: seen.append(request.url))
    tab.on("dialog", lambda dialog: (seen.append(f"dialog {dialog.message}"), dialog.dismiss()))
    tab.goto(file.as_uri())
    return tab, seen


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("which", [1, 2])
def test_it_opens_without_a_network_and_asks_for_nothing(
    browser: Any, files: tuple[Audit, Path, Path], shots: Path, width: int, which: int
) -> None:
    file = files[which]
    tab, seen = opened(browser, file, width)
    assert seen == [file.as_uri()]
    assert tab.evaluate(CUT) == []
    assert tab.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert tab.get_by_role("heading", level=1).inner_text().startswith("<script>alert(7)</script> ⟨U+202E⟩turned␛[31m")
    tab.screenshot(path=shots / f"report-{file.stem}-{width}.png", full_page=True)
    tab.context.close()


def test_it_prints_on_a4_and_nothing_is_cut_off(browser: Any, files: tuple[Audit, Path, Path], shots: Path) -> None:
    tab, _ = opened(browser, files[1], A4_PX - 2 * MARGIN_PX)
    tab.emulate_media(media="print")
    assert tab.evaluate(CUT) == []
    printed = tab.pdf(path=shots / "report.pdf", prefer_css_page_size=True)
    assert b"/MediaBox [0 0 594.9" in printed or b"/MediaBox [0 0 595" in printed
    assert 3 <= printed.count(b"/Type /Page\n") <= 40
    tab.context.close()


def test_every_sentence_stands_in_one_element_and_the_file_verifies(
    browser: Any, files: tuple[Audit, Path, Path]
) -> None:
    audit, whole, redacted = files
    report = audit.report(audit.runs()[0].id)
    tab, _ = opened(browser, whole, 1440)
    for sentence in [report.summary.sentence, *(p.sentence for p in report.policies)]:
        assert tab.get_by_text(sentence, exact=True).first.inner_text() == sentence
    for heading in ("Decision rule", "The numbers", "What was checked", "Weights", "Failed rows", "Provenance"):
        api.expect(tab.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    for failed in report.failures:
        assert f"{failed.count:,} of " in tab.get_by_role("row").filter(has_text=failed.code).first.inner_text()
    tab.context.close()
    for file in (whole, redacted):
        assert file.stat().st_size < 10_000_000
        assert audit.verify(str(file)) == ()
        changed = file.with_name(f"changed-{file.name}")
        changed.write_text(file.read_text(encoding="utf-8").replace("rows", "r0ws", 1), encoding="utf-8")
        assert audit.verify(str(changed)) != ()
