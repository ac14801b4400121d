"""The journey failure → retry → recovered, against a real server whose faults pass; and the monitor while it fails."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import look
from tests.browser.conftest import Served
from tests.browser.tab import run_in, settled, still
from tests.faults.running import FaultServer, fault_server

api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = pytest.mark.browser
N = 60


@pytest.fixture
def faulty() -> Iterator[FaultServer]:
    """A server that answers a quarter of all requests with an error of its own."""
    with fault_server("--mix", "500:0.25", "--seed", "3") as server:
        yield server


def experiment(folder: Path, url: str, **execution: Any) -> str:
    """Return an experiment on a server: given responses, two target policies, recorded scores."""
    rows = [
        {"prompt_id": f"q{i:03d}", "prompt": f"Question {i}?", "response": f"The answer to {i} is {i * i}, of course.",
         "judge_score": (i % 11) / 10}
        for i in range(N)
    ]  # fmt: skip
    data = folder / "prompts.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    base = {
        "name": "base",
        "provider": "openai_compatible",
        "base_url": url,
        "model": "m",
        "system_prompt": "Be brief.",
    }
    targets = [{**base, "name": "clone", "role": "clone"}, {**base, "name": "long", "system_prompt": "Be long."}]
    spec = {
        "name": "a server that fails", "data": {"path": str(data)}, "logging_policy": base, "target_policies": targets,
        "judge": {"kind": "recorded"}, "execution": {"concurrency": 4, **execution},
    }  # fmt: skip
    return json.dumps(spec)


def photographed(tab: Any, shots: Path, name: str) -> None:
    """Take a picture at each width in each scheme; everything must look right."""
    found = list(look.looks(tab, shots, name))
    assert not found, "\n".join(found)
    tab.set_viewport_size({"width": 1440, "height": 900})


def launched(tab: Any, served: Served, text: str) -> str:
    """Launch a run as the command line does, without a preflight, which this server would fail; open its live page."""
    run = served.audit.launch(text)
    tab.goto(f"{served.url}/live?run={run}")
    settled(tab, "Live")
    return run


def ended(tab: Any) -> None:
    """Wait on the live page until the worker has ended."""
    settled(tab, "Live")
    api.expect(tab.get_by_text("Worker ended").first).to_be_visible(timeout=300_000)


def test_failure_retry_recovered(page: Any, served: Served, shots: Path, tmp_path: Path, faulty: FaultServer) -> None:
    run = launched(page, served, experiment(tmp_path, faulty.url, max_attempts=1))
    ended(page)
    failed = served.audit.failures(run)
    assert failed.total > 10
    before = served.audit.report(run)
    page.get_by_test_id("stMain").get_by_role("link", name="Failures").click()
    settled(page, "Failures")
    assert run_in(page.url) == run
    api.expect(page.get_by_text("What to do: Retry; if it stays, ask the provider.").first).to_be_visible()
    api.expect(page.get_by_text("mark_missing: A failed row is missing").first).to_be_visible()
    photographed(page, shots, "failures-before")

    faulty.configure(mix={})  # the fault has passed
    page.get_by_role("button", name="Ask again", exact=True).click()
    page.wait_for_url("**/live?*run=*", timeout=60_000)
    assert served.audit.wait(run, timeout_s=300).status == "complete"
    ended(page)
    page.get_by_test_id("stMain").get_by_role("link", name="Failures").click()
    settled(page, "Failures")
    api.expect(page.get_by_role("heading", name="Nothing failed", exact=True)).to_be_visible()
    after = served.audit.report(run)
    repair = next(r for r in after.repairs if r.act == "asked_again")
    api.expect(page.get_by_text(repair.sentence, exact=True)).to_be_visible()
    asked = served.audit.retried(run)
    assert asked.total == asked.n_recovered == faulty.summary()["requests"]
    page.get_by_text(re.compile("^Which they were: ")).click()
    still(page)
    api.expect(page.locator(".stMarkdownBadge", has_text="Recovered").first).to_be_visible()
    photographed(page, shots, "failures-after")
    was, now = before.policy("long"), after.policy("long")
    assert was is not None and now is not None
    assert was.n_used < now.n_used == N
    assert served.audit.verify(run) == ()


def seen_alive(seen: dict[str, set[str]]) -> bool:
    """Say whether the metrics seen so far show attempts in flight, waits that a server named, and growing spend."""
    named = all(seen.get(label, set()) - {"0", "–"} for label in ("In flight", "Waits a server named"))
    return named and len(seen.get("Spent", ())) > 2


def test_the_monitor_is_live_while_a_server_fails(
    page: Any, served: Served, shots: Path, tmp_path: Path, faulty: FaultServer
) -> None:
    faulty.configure(mix={"429_s": 0.2, "503": 0.2}, latency_s=1.5, retry_after_s=2.0)
    prices = {"m": {"input": 1000.0, "output": 1000.0}}
    run = launched(page, served, experiment(tmp_path, faulty.url, max_attempts=8, prices=prices))
    main = page.get_by_test_id("stMain")
    api.expect(main.get_by_role("heading", name="Asking the models")).to_be_visible(timeout=60_000)
    seen: dict[str, set[str]] = {}
    said = ""
    for _ in range(120):
        for metric in main.get_by_test_id("stMetric").all():
            label, *told = [word for word in metric.inner_text().split("\n") if word]
            seen.setdefault(label, set()).update(told[-1:])
        said += main.inner_text()
        if not (moving := served.audit.run(run).status in ("queued", "running")):
            break
        if seen_alive(seen) and "rate_limited" in said:
            break
        page.wait_for_timeout(500)
    assert moving, "the run ended before the monitor was seen"
    assert {"In flight", "Waiting for another try", "Waits a server named", "Longest such wait", "Spent"} <= set(seen)
    assert seen_alive(seen), seen
    assert re.search(r"openai_compatible 127\.0\.0\.1:\d+ m", said)
    assert re.search(r"\d+ in flight, at most \d+", said)
    assert re.search("Answering|Left alone|Being tried", said)
    assert re.search(r"[1-9]\d* of \d+ attempts failed", said)
    photographed(page, shots, "live-failing")
    served.audit.cancel(run)
    assert served.audit.wait(run, timeout_s=60).status == "cancelled"
