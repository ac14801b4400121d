import json
from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from app import formats
from cje_audit.audit import Audit
from tests.pages.conftest import World, everything, script, texts

Visit = Callable[..., AppTest]


def press(at: AppTest, label: str) -> AppTest:
    return next(b for b in at.button if b.label == label).click().run()


def test_a_finished_run_shows_its_stages_and_leads_on(visit: Visit, world: World) -> None:
    at = visit(world.workspace, "live", run=world.complete)
    shown = everything(at)
    for stage in ("Dataset", "Logging policy", "Target policy", "Judge", "Estimation"):
        assert stage in shown
    assert {"Results", "Validation", "Failures"} <= {link.proto.label for link in at.get("page_link")}
    assert not {"Cancel", "Pause", "Resume"} & {b.label for b in at.button}


def test_a_failed_run_says_why_and_offers_to_resume(visit: Visit, world: World) -> None:
    at = visit(world.workspace, "live", run=world.failed)
    assert not at.exception
    assert at.error
    assert "Resume" in {b.label for b in at.button}


def test_a_running_run_can_be_paused_and_resumed_from_the_page(visit: Visit, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    audit = Audit.open(workspace)
    run = audit.launch(script(tmp_path, delay_s=0.4))
    at = press(visit(workspace, "live", run=run), "Pause")
    assert not at.exception
    assert audit.wait(run, timeout_s=60).status == "partial"
    at = press(visit(workspace, "live", run=run), "Resume")
    assert not at.exception
    at = press(visit(workspace, "live", run=run), "Cancel")
    assert audit.wait(run, timeout_s=60).status == "cancelled"
    audit.close()


def test_no_number_of_the_result_is_shown_while_the_run_goes_on(visit: Visit, world: World) -> None:
    at = visit(world.workspace, "live", run=world.running)
    assert not at.exception
    assert "Pause" in {b.label for b in at.button}
    assert "scripted questions" in texts(at)
    assert "interval" not in everything(at).lower()


def test_the_monitor_shows_endpoints_failures_per_minute_and_spend(visit: Visit, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    audit = Audit.open(workspace)
    text = json.loads(script(tmp_path, delay_s=0.0))
    fault = {"op": "logprobs", "policy": "short", "times": 1, "code": "unparseable", "contains": "Question 1"}
    (tmp_path / "script.json").write_text(json.dumps({"faults": [fault]}), encoding="utf-8")
    prices = {"table": {"input": 1, "output": 1}}
    run = audit.launch(json.dumps({**text, "execution": {"concurrency": 2, "prices": prices}}))
    assert audit.wait(run, timeout_s=60).status == "complete"
    seen = audit.monitor(run)
    at = visit(workspace, "live", run=run)
    assert not at.exception
    figures = {m.label: m.value for m in at.metric}
    assert figures["In flight"] == "0"
    assert figures["Spent"] == formats.number(seen.spent)
    assert seen.spent is not None and seen.spent > 0
    assert "Answering" in everything(at)
    failed, every = sum(sum(m.failures.values()) for m in seen.minutes), sum(m.n for m in seen.minutes)
    assert failed == 11  # Question 1, Question 10 to Question 19, once each
    assert f"{failed} of {every} attempts failed" in everything(at)
    audit.close()


def test_slow_and_stalled_are_told_apart_in_words() -> None:
    def page(state: str) -> None:
        from app.cards import run as cards
        from cje_audit.domain.views import LiveView, RunRow

        run = RunRow(id="r", name="r", kind="launch", status="running", created_at="2026-01-01T00:00:00Z", age_s=60.0)
        cards.worker(
            LiveView(
                run=run, stages=(), failures={}, worker=state, heartbeat_age_s=1.0, answer_age_s=45.0,
                last_event_age_s=60.0, n_asked=3, n_reused=0, possibly_paid_twice=0, events=(), final=False,
            )
        )  # fmt: skip

    slow, stalled, alive = (AppTest.from_function(page, args=(s,)).run() for s in ("slow", "stalled", "alive"))
    assert "no model has answered for a while" in slow.warning[0].value
    assert "gives no sign of life" in stalled.warning[0].value
    assert not alive.warning
    assert "last answer 45 s ago" in plainly(alive)


def plainly(at: AppTest) -> str:
    return everything(at).replace("\\", "")
