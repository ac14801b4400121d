"""The preflight against a server that goes wrong on purpose: what lies is caught, what is honest passes."""

from pathlib import Path

import pytest

from cje_audit.domain.checks import CheckStatus
from cje_audit.domain.experiment import Oracle
from tests.faults.fixtures import running as running  # the fixture
from tests.faults.kinds import LYING, SILENT
from tests.faults.running import FaultServer
from tests.stages.doctor.asking import examined, experiment, failing, judge_at


@pytest.fixture
def server(running: FaultServer) -> FaultServer:
    running.configure(mix={}, key=None, unlimited_zero=False, latency_s=0.0)
    return running


def test_an_honest_server_passes_and_the_controls_prove_that_it_need_not(server: FaultServer) -> None:
    judge = judge_at(server.url)
    checks = examined(experiment(server.url, judge=judge))
    assert failing(checks) == set()
    for probe in ("echo", "sign", "template", "alignment", "greedy", "noise", "controls", "counts"):
        assert checks[probe, "base"].status is CheckStatus.PASS, checks[probe, "base"].sentence
    for probe in ("keys", "identical", "judge"):
        assert checks[probe, None].status is CheckStatus.PASS
    assert checks["judge", None].value == 5
    assert "wrong template, shifted boundary, dropped first token" in checks["controls", "odd"].sentence


@pytest.mark.parametrize("kind", LYING)
def test_an_answer_that_lies_blocks(server: FaultServer, kind: str) -> None:
    server.configure(mix={kind: 1.0})
    checks = examined(experiment(server.url))
    assert failing(checks) & {"echo", "sign"}
    assert all(c.what_to_do for c in checks.values() if c.status is CheckStatus.FAIL)
    assert checks["alignment", "base"].status is CheckStatus.NOT_EVALUATED


def test_an_ignored_echo_is_said_as_that(server: FaultServer) -> None:
    server.configure(mix={"ignored_echo": 1.0})
    sentence = examined(experiment(server.url))["echo", "base"].sentence
    assert sentence.startswith("No log-probs from base: the server ignored the request for log-probs of given text")


@pytest.mark.parametrize("kind", SILENT)
def test_values_of_a_neighbouring_token_are_caught_although_nothing_in_the_answer_shows_it(
    server: FaultServer, kind: str
) -> None:
    server.configure(mix={kind: 1.0})
    checks = examined(experiment(server.url))
    assert checks["echo", "base"].status is CheckStatus.PASS
    found = checks["alignment", "base"]
    assert found.status is CheckStatus.FAIL
    assert found.value is not None and found.threshold is not None and found.value > found.threshold


def test_a_zero_that_means_without_limit_is_said_and_does_not_block(server: FaultServer) -> None:
    server.configure(unlimited_zero=True)
    checks = examined(experiment(server.url))
    assert checks["counts", "base"].status is CheckStatus.WARN
    assert "the server wrote 7" in checks["counts", "base"].sentence
    assert failing(checks) == set()


def test_a_judge_that_cannot_be_read_blocks_with_what_it_said(server: FaultServer) -> None:
    server.configure(mix={"judge_prose": 1.0})
    judge = judge_at(server.url)
    found = examined(experiment(server.url, judge=judge))["judge", None]
    assert found.status is CheckStatus.FAIL
    assert (found.value, found.threshold) == (0, 5)
    assert "A fine answer" in found.sentence


def test_the_second_judge_is_examined_like_the_judge_and_named_as_such(server: FaultServer) -> None:
    first = judge_at(server.url)
    second = first.model_copy(update={"scale": (0.0, 100.0)})
    asked = experiment(server.url, judge=first).model_copy(update={"oracle": Oracle(judge=second)})
    checks = examined(asked)
    assert (checks["oracle_judge", None].status, checks["oracle_judge", None].value) == (CheckStatus.PASS, 5)
    assert "The second judge (oracle.judge) gave 5 of 5 scores" in checks["oracle_judge", None].sentence
    off_scale = second.model_copy(update={"scale": (500.0, 600.0)})
    checks = examined(asked.model_copy(update={"oracle": Oracle(judge=off_scale)}))
    assert (checks["oracle_judge", None].status, checks["oracle_judge", None].value) == (CheckStatus.FAIL, 0)
    assert checks["judge", None].status is CheckStatus.PASS
    assert failing(checks) == {"oracle_judge"}
    assert ("oracle_judge", None) not in examined(experiment(server.url, judge=first))


def test_passing_faults_do_not_block(server: FaultServer) -> None:
    server.configure(mix={"503": 0.2, "reset": 0.1})
    assert failing(examined(experiment(server.url))) == set()


def test_nobody_there_is_said_within_seconds() -> None:
    checks = examined(experiment("http://127.0.0.1:9/v1"))
    assert failing(checks) == {"echo"}
    assert "connection" in checks["echo", "base"].sentence.lower()


def test_a_missing_key_is_named_and_a_present_one_never_shown(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = experiment(server.url, api_key_env="DOCTOR_TEST_KEY")
    checks = examined(asked)
    assert {"keys", "echo"} <= failing(checks)
    assert "DOCTOR_TEST_KEY" in checks["keys", None].sentence
    monkeypatch.setenv("DOCTOR_TEST_KEY", "sk-canary-123")
    server.configure(key="another-key")
    said = examined(asked)
    assert said["keys", None].status is CheckStatus.PASS
    assert failing(said) == {"echo"}
    assert "sk-canary" not in str(said)


def test_stored_answers_are_never_read(server: FaultServer) -> None:
    for _ in range(2):
        server.configure()
        examined(experiment(server.url))
        assert server.summary()["requests"] >= 20


def test_a_template_without_the_prompt_or_the_system_prompt_blocks(server: FaultServer, tmp_path: Path) -> None:
    file = tmp_path / "t.jinja"
    file.write_text("Answer this: {{ prompt }}\n\n")
    checks = examined(experiment(server.url, template=str(file)))
    assert failing(checks) == {"template", "identical"}
    assert "system prompt" in checks["template", "base"].sentence
    assert "differ in system_prompt" in checks["identical", None].sentence
    other = tmp_path / "other.jinja"
    other.write_text("{{ system_prompt }}\n\nHello\n\n")
    checks = examined(experiment(server.url, template=str(other)))
    assert "leaves the prompt out" in checks["template", "odd"].sentence
