"""The reviewer's walk, by clicks alone: from a red badge to the very token behind it, and from a failure to the raw reply."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from app import formats
from tests.browser.conftest import Served
from tests.browser.tab import settled, still
from tests.browser.test_failure_journey import experiment
from tests.faults.running import fault_server

pytestmark = pytest.mark.browser
POLICY, CHECK = "unhelpful", "estimation.max_weight_share"


def test_from_a_red_badge_to_the_very_token(page: Any, served: Served, shots: Path) -> None:
    run = served.audit.demo()
    assert served.audit.wait(run, timeout_s=120).status == "complete"
    main = page.get_by_test_id("stMain")
    page.goto(served.url)
    settled(page, "Runs")
    main.get_by_role("link", name="Results").click()
    settled(page, "Results")
    card = main.locator("[class*=st-key-verdict-refuse]")
    expect(card.locator(".stMarkdownBadge", has_text="No number").first).to_be_visible()
    expect(card).to_contain_text(POLICY)
    card.get_by_role("link", name="Share of the heaviest row").click()

    settled(page, "Validation")
    found = next(c for c in served.audit.report(run).checks() if c.id == CHECK and c.policy == POLICY)
    failing = main.locator("[class*=st-key-check-fail]")
    expect(failing.get_by_text(found.sentence, exact=True)).to_be_visible()
    row_id = found.example_ids[0]
    failing.get_by_role("link", name=row_id, exact=True).first.click()

    settled(page, "One row")
    row = served.audit.row(run, row_id)
    expect(main.get_by_text(row.prompt, exact=True)).to_be_visible()
    cell = next(c for c in row.cells if c.policy == POLICY and c.tokens)
    for chart in main.locator(".stPlotlyChart").all():
        expect(chart.locator(".hm image, .heatmaplayer image").first).to_be_visible()
        expect(chart.locator(".ytick", has_text=POLICY)).to_be_visible()
    assert main.locator(".stPlotlyChart").count() == 2
    at = max(range(len(cell.tokens)), key=lambda i: abs(cell.token_log_ratios[i]))
    token = cell.tokens[at].text.replace(" ", "␣").replace("\n", "↵")
    told = f"Token {at + 1} ({token}) moved the weight of {POLICY} most: log ratio {formats.number(cell.token_log_ratios[at])} nats."
    expect(main.get_by_text(told)).to_be_visible()
    page.set_viewport_size({"width": 1440, "height": 3400})  # tables are drawn where they are seen
    weight = next(w for w in row.weights if w.policy == POLICY)
    cells = main.locator("[role=gridcell]")
    for told in (POLICY, formats.number(weight.weight), formats.of(weight.rank or 0, weight.n_ranked, "")):
        expect(cells.get_by_text(told, exact=True).first).to_be_attached()
    reply = next(c for c in row.cells if c.stage == "judge")
    assert reply.raw
    expect(main.get_by_text(reply.raw, exact=True)).to_be_visible()
    page.screenshot(path=shots / "walk-row.png", full_page=True)


def test_from_a_failure_to_the_raw_reply(page: Any, served: Served, shots: Path, tmp_path: Path) -> None:
    with fault_server("--mix", "500:0.25", "--seed", "3") as server:
        run = served.audit.launch(experiment(tmp_path, server.url, max_attempts=1))
        assert served.audit.wait(run, timeout_s=300).status == "complete"
    main = page.get_by_test_id("stMain")
    page.goto(served.url)
    settled(page, "Runs")
    page.get_by_test_id("stSidebar").get_by_role("link", name="Failures").click()
    settled(page, "Failures")
    group = main.locator("[class*=st-key-failure-group]", has_text="server_error")
    group.get_by_role("button", name="Only these rows").click()
    still(page)
    page.wait_for_url("**code=server_error*")
    cell = main.locator("[class*=st-key-failed-0]")
    expect(cell.locator(".stMarkdownBadge", has_text="server_error").first).to_be_visible()
    row_id = cell.get_by_role("link").inner_text()
    cell.get_by_role("link").click()

    settled(page, "One row")
    attempt = next(a for a in served.audit.attempts(run, row_id) if a.code == "server_error")
    opened = main.get_by_test_id("stExpander").filter(has_text="server_error").first
    opened.locator("summary").click()
    still(page)
    request, response = (block.inner_text() for block in opened.get_by_test_id("stCode").all())
    assert (request, response) == (attempt.request, attempt.response)
    assert row_id in request or "prompt" in request
    page.screenshot(path=shots / "walk-attempt.png", full_page=True)
