"""What a report says is in the browser's page, the terminal, the HTML file, the share page and the API: the same bytes.

In each of them a sentence stands in one element, for runs of every kind: refused, with failed rows, decided by a rule,
overridden and revealed, signed, and without a report.
"""

import contextlib
import html
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import TimeoutError

from cje_audit.audit import Audit, ImportOptions
from cje_audit.domain import spoken
from cje_audit.domain.errors import NotFound
from cje_audit.domain.report import Report
from tests.browser.conftest import Served
from tests.browser.tab import settled
from tests.cli.helpers import cje
from tests.pages.conftest import rows_of_every_kind, script

pytestmark = pytest.mark.browser
SIZES = {"light": 1440, "dark": 390}
RUNS = ("demo", "broken_judge", "skipped_target_stage", "kinds", "decided", "signed", "ruled")
DOM_TEXTS = "[...document.querySelectorAll('[data-testid=stText]')].map(e => e.textContent)"
SHOWN = f"wanted => {{ const shown = {DOM_TEXTS}; return wanted.every(w => shown.includes(w)) }}"
EVERY_TEXT = "[...document.querySelectorAll('body *')].map(e => e.textContent)"


def ruled(folder: Path) -> str:
    """Return an experiment with a decision rule, fixed before the run."""
    wanted = json.loads(script(folder, delay_s=0))
    wanted["estimation"] = {"decision": {"rule": "ship_if_difference_above", "margin": 0.1}}
    return json.dumps(wanted)


def decided(audit: Audit, run: str) -> None:
    """Sign, then override a check and reveal a refused number: the sign-off is void."""
    audit.sign(run, "approve", by="Ada", note="before anything changed")
    audit.override(run, "target_policy.uniform_weights", policy="uniform", reason="scored so on purpose", by="Bob")
    audit.reveal(run, "far", reason="the board asked", by="Eve")


@pytest.fixture(scope="module")
def runs(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder, audit = tmp_path_factory.mktemp("said"), served.audit
    rows = folder / "rows.jsonl"
    rows.write_text("".join(json.dumps(r) + "\n" for r in rows_of_every_kind()), encoding="utf-8")
    made = {"demo": audit.demo(), **audit.demo_siblings(), "ruled": audit.launch(ruled(folder / "ruled"))}
    made |= {name: audit.import_files([rows], ImportOptions(), name=name) for name in ("kinds", "decided", "signed")}
    assert {audit.wait(run, timeout_s=600).status for run in made.values()} == {"complete"}
    decided(audit, made["decided"])
    audit.sign(made["signed"], "reject", by="Ada", note="read in full")
    made["stopped"] = audit.launch(script(folder / "stopped", delay_s=30))
    audit.cancel(made["stopped"])
    audit.wait(made["stopped"], timeout_s=600)
    yield made


def sentences(report: Report) -> list[str]:
    """Return everything a report says, once each."""
    every = [*spoken.of_run(report), *spoken.of_numbers(report), report.sign_off.sentence]
    every += [told for policy in report.policies for told in spoken.of_policy(policy)]
    return list(dict.fromkeys(every))


def said_of(audit: Audit, run: str) -> list[str]:
    """Return everything that is said of a run, reveals included."""
    return [*sentences(audit.report(run)), *(r.sentence for r in audit.revealed(run).values())]


def test_the_runs_are_of_every_kind(served: Served, runs: dict[str, str]) -> None:
    reports = {name: served.audit.report(runs[name]) for name in RUNS}
    verdicts = {p.verdict.value for r in reports.values() for p in r.policies}
    assert verdicts >= {"report", "refuse", "not_evaluated"}
    assert {r.sign_off.state for r in reports.values()} == {"none", "void", "rejected"}
    assert reports["ruled"].decision is not None
    assert [p.name for p in reports["decided"].policies if p.overrides] == ["uniform"]
    assert set(served.audit.revealed(runs["decided"])) == {"far"}
    assert any(p.n_missing for p in reports["kinds"].policies)


@pytest.mark.parametrize("scheme", SIZES)
@pytest.mark.parametrize("name", RUNS)
def test_the_page_holds_every_sentence_in_one_element(
    page: Any, served: Served, shots: Any, runs: dict[str, str], name: str, scheme: str
) -> None:
    page.set_viewport_size({"width": SIZES[scheme], "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{served.url}/results?run={runs[name]}")
    settled(page, "Results")
    page.locator("[data-testid=stExpander] summary").evaluate_all("all => all.forEach(s => s.click())")
    wanted = said_of(served.audit, runs[name])
    with contextlib.suppress(TimeoutError):  # what is missing then is named below
        page.wait_for_function(SHOWN, arg=wanted, timeout=10_000)
    shown = page.evaluate(DOM_TEXTS)
    assert [told for told in wanted if told not in shown] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.screenshot(path=shots / f"results-said-{name}-{scheme}.png", full_page=True)


@pytest.mark.parametrize("name", RUNS)
def test_the_command_line_prints_every_sentence_on_one_line(served: Served, runs: dict[str, str], name: str) -> None:
    printed = {line.strip() for line in cje(served.audit.workspace, "report", runs[name]).out.splitlines()}
    assert [told for told in said_of(served.audit, runs[name]) if told not in printed] == []


@pytest.mark.parametrize("name", RUNS)
def test_the_html_report_holds_every_sentence_in_one_element(served: Served, runs: dict[str, str], name: str) -> None:
    text = html.unescape(served.audit.html(runs[name]))
    assert [told for told in said_of(served.audit, runs[name]) if f">{told}<" not in text] == []


@pytest.mark.parametrize("name", RUNS)
def test_the_share_page_holds_every_sentence_but_no_reason(
    page: Any, served: Served, runs: dict[str, str], name: str
) -> None:
    link = served.audit.share(runs[name], 1, by="Ada", base=served.url)
    page.goto(link.url)
    shown = page.evaluate(EVERY_TEXT)
    report = served.audit.report(runs[name])
    told = sentences(report)
    reasons = [o for p in report.policies for o in p.overrides]
    told = [t for t in told if t not in {o.sentence for o in reasons}]
    told += [o.model_copy(update={"reason": None}).sentence for o in reasons]
    assert [t for t in told if t not in shown] == []
    assert not [t for t in ("scored so on purpose", "the board asked", "read in full") if t in page.content()]


@pytest.mark.parametrize("name", RUNS)
def test_the_api_answers_with_the_same_sentences(served: Served, runs: dict[str, str], name: str) -> None:
    with urllib.request.urlopen(f"{served.url}/api/runs/{runs[name]}/report") as answer:
        document = json.load(answer)
    report = served.audit.report(runs[name])
    assert Report.model_validate(document) == report
    assert sentences(Report.model_validate(document)) == sentences(report)
    assert {report.summary.sentence, *(p.sentence for p in report.policies)} <= set(strings(document))


def strings(part: Any) -> Iterator[str]:
    """Give every text of a JSON document."""
    if isinstance(part, str):
        yield part
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from strings(inner)


def test_a_run_without_a_report_says_why_in_the_same_words(page: Any, served: Served, runs: dict[str, str]) -> None:
    with pytest.raises(NotFound) as raised:
        served.audit.report(runs["stopped"])
    printed = cje(served.audit.workspace, "report", runs["stopped"], "--json").document["error"]
    assert printed["sentence"] == raised.value.sentence
    page.goto(f"{served.url}/results?run={runs['stopped']}")
    settled(page, "Results")
    assert any(raised.value.sentence in shown for shown in page.evaluate(DOM_TEXTS))
