"""A preflight that runs out of its own time: no proof of a fault, and no pass either. What a server says stays."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from app.cards.doctor import badge
from cje_audit.audit import Audit
from cje_audit.audit.creation import launch_hash
from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.domain.experiment import Experiment, parse_experiment
from cje_audit.domain.preflight import Preflight
from cje_audit.stages.doctor.examine import Allowed, examine
from cje_audit.stages.doctor.judge import judge
from cje_audit.stages.doctor.prober import Prober
from tests.faults.fixtures import running as running  # the fixture
from tests.faults.running import FaultServer
from tests.stages.doctor.asking import examined, experiment, failing, judge_at

SHORT = Allowed(scoring=0.6, judging=0.6)
AGAIN = "Run the preflight again when the server is less busy."


@pytest.fixture
def server(running: FaultServer) -> FaultServer:
    running.configure(mix={}, key=None, latency_s=0.0, retry_after_s=0.3, first_clean=0)
    return running


def asked_of(server: FaultServer) -> Experiment:
    return experiment(server.url, judge=judge_at(server.url))


def judged_within(server: FaultServer, seconds: float) -> Check:
    async def ask() -> Check:
        prober = Prober(seconds)
        try:
            return await judge(prober, asked_of(server).judge)
        finally:
            await prober.aclose()

    return asyncio.run(ask())


@pytest.mark.parametrize("fault", [{"latency_s": 30.0}, {"mix": {"hang": 1.0}}], ids=["slow", "silent"])
def test_no_answer_in_the_preflights_own_time_is_not_evaluated_and_does_not_block(
    server: FaultServer, fault: dict[str, object]
) -> None:
    server.configure(**fault)
    checks = examined(asked_of(server), SHORT)
    assert failing(checks) == set()
    for about in (("echo", "base"), ("echo", "odd"), ("judge", None)):
        assert checks[about].status is CheckStatus.NOT_EVALUATED
        assert checks[about].what_to_do == AGAIN
        assert "s were over" in checks[about].sentence
    assert checks["alignment", "base"].status is CheckStatus.NOT_EVALUATED
    assert "0 of 5 scores of the judge came" in checks["judge", None].sentence


def test_some_scores_in_time_are_counted_and_prove_nothing(server: FaultServer) -> None:
    server.configure(latency_s=1.0)
    check = judged_within(server, 1.8)
    assert (check.status, check.value) == (CheckStatus.NOT_EVALUATED, None)
    assert "Not evaluated: 2 of 5 scores of the judge came; the server had not answered" in check.sentence


def test_a_reply_that_cannot_be_read_fails_also_where_the_others_came_too_late(server: FaultServer) -> None:
    server.configure(latency_s=1.0, mix={"judge_prose": 1.0})
    check = judged_within(server, 1.8)
    assert (check.status, check.value) == (CheckStatus.FAIL, 0)
    assert "A fine answer" in check.sentence


@pytest.mark.parametrize("kind", ["401", "404", "400", "500", "empty_200", "ignored_echo"])
def test_what_a_server_does_wrong_stays_a_fail(server: FaultServer, kind: str) -> None:
    server.configure(mix={kind: 1.0}, latency_s=0.05)
    assert "echo" in failing(examined(experiment(server.url), Allowed(scoring=20.0)))


def test_an_error_of_the_server_is_not_forgotten_when_time_runs_out_on_the_next_attempt(server: FaultServer) -> None:
    server.configure(mix={"500": 1.0}, latency_s=0.7)
    check = judged_within(server, 1.7)
    assert check.status is CheckStatus.FAIL
    assert "0 of 5" in check.sentence


def test_a_server_that_asks_to_wait_longer_than_there_is_time_is_not_at_fault(server: FaultServer) -> None:
    server.configure(mix={"429_s": 1.0}, retry_after_s=60)
    began = time.monotonic()
    checks = examined(asked_of(server), Allowed(scoring=8.0, judging=8.0))
    assert time.monotonic() - began < 8
    assert failing(checks) == set()
    assert "the server asked to wait 60 s" in checks["echo", "base"].sentence
    server.configure(mix={"429_s": 1.0}, retry_after_s=0.1)
    assert failing(examined(asked_of(server), Allowed(scoring=20.0))) == {"echo", "judge"}


def test_the_report_says_at_its_top_what_was_not_proved(server: FaultServer, tmp_path: Path) -> None:
    rows = [{"prompt_id": f"p{i}", "prompt": f"What is {i} plus {i}?", "response": f"{2 * i}."} for i in range(5)]
    (tmp_path / "prompts.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    asked = asked_of(server).model_dump(mode="json") | {"data": {"path": str(tmp_path / "prompts.jsonl")}}
    text = json.dumps(asked)
    server.configure(latency_s=30.0)
    parsed = parse_experiment(text, base=tmp_path)
    checks = examine(parsed, tmp_path, SHORT)
    flown = Preflight(config_hash=launch_hash(parsed), at="2026-01-01T00:00:00Z", seconds=2.0, checks=checks)
    assert not flown.blocks
    assert "3 had no answer in time" in flown.sentence
    assert badge(flown).label == "Not all of it proved"
    server.configure(latency_s=0.0)
    audit = Audit.open(tmp_path / "w")
    try:
        run = audit.launch(text, preflight=flown)
        assert audit.wait(run, timeout_s=120).status == "complete"
        said = f"had no answer in time to 3 of {len(checks)} probes (doctor.judge; doctor.echo base; doctor.echo odd)"
        assert any(said in warning for warning in audit.report(run).summary.warnings)
        assert audit.verify(run) == ()
    finally:
        audit.close()
