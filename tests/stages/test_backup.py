"""A backup endpoint, from doctor to report: used where it was proved equal, and only there."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cje_audit.audit import Audit
from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.domain.errors import InputError
from cje_audit.domain.preflight import Preflight
from cje_audit.domain.report import Report
from tests.faults.running import FaultServer, fault_server
from tests.faults.truth import response_values

N = 40
CALM = {"mix": {}, "outage": None, "key": None, "latency_s": 0.02, "first_clean": 0}
DOWN = (0.0, 10_000.0)


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[FaultServer, FaultServer]]:
    with fault_server() as first, fault_server() as second:
        yield first, second


@pytest.fixture
def both(servers: tuple[FaultServer, FaultServer]) -> tuple[FaultServer, FaultServer]:
    for server in servers:
        server.configure(**CALM)
    return servers


@pytest.fixture
def audit(tmp_path: Path) -> Iterator[Audit]:
    opened = Audit.open(tmp_path / "w")
    yield opened
    opened.close()


def experiment(folder: Path, first: str, second: str, *, judge: bool = False, **backup: Any) -> str:
    rows = [
        {"prompt_id": f"p{i}", "prompt": f"What is {i} plus {i}?", "response": f"It is {2 * i}.", "judge_score": 0.5}
        for i in range(N)
    ]
    (folder / "prompts.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    ends = {"provider": "openai_compatible", "base_url": first, "model": "m"}
    base = {**ends, "name": "base", "backup": {"base_url": second, **backup}}
    asked = {**ends, "kind": "score", "backup": {"base_url": second}} if judge else {"kind": "recorded"}
    return json.dumps(
        {
            "name": "backed", "data": {"path": str(folder / "prompts.jsonl")}, "logging_policy": base,
            "target_policies": [{**base, "name": "odd", "system_prompt": "Be odd."}], "judge": asked,
            "execution": {"concurrency": 2, "timeout_s": 5, "max_attempts": 3},
        }
    )  # fmt: skip


def flown(
    audit: Audit, both: tuple[FaultServer, FaultServer], folder: Path, *, judge: bool = False, **backup: Any
) -> tuple[str, Preflight]:
    """Return an experiment whose backup is the second server, and what the preflight found of both."""
    text = experiment(folder, both[0].url, both[1].url, judge=judge, **backup)
    return text, audit.doctor(text)


def pause_midway(audit: Audit, run: str, server: FaultServer) -> int:
    """Pause a run once a server has answered five questions; return how many it has answered when the run stands."""
    give_up = time.monotonic() + 60
    while server.summary()["finished"] < 5 and time.monotonic() < give_up:
        time.sleep(0.1)
    audit.pause(run)
    assert audit.wait(run, timeout_s=60).status == "partial"
    return int(server.summary()["finished_keys"])


def finished(audit: Audit, run: str) -> Report:
    assert audit.wait(run, timeout_s=180).status == "complete"
    assert audit.verify(run) == ()
    return audit.report(run)


def probe(found: tuple[Check, ...], policy: str | None) -> Check:
    return next(c for c in found if (c.id, c.policy) == ("doctor.backup", policy))


def endpoints(audit: Audit, run: str, policy: str) -> list[str]:
    """Return who answered each row of a policy."""
    every = [a for i in range(N) for a in audit.attempts(run, f"p{i}")]
    return [str(a.endpoint) for a in every if a.policy == policy and a.status == "ok"]


def true_values(audit: Audit, run: str, policy: str, before: str) -> None:
    """Every value is the truth of the text that was sent, whoever answered."""
    for i in range(N):
        cell = next(c for c in audit.row(run, f"p{i}").cells if c.policy == policy)
        truth = response_values("m", f"{before}What is {i} plus {i}?\n\n", f"It is {2 * i}.")
        assert truth is not None and cell.value == pytest.approx(sum(truth))


def test_an_equal_backup_answers_what_the_first_endpoint_cannot(
    both: tuple[FaultServer, FaultServer], audit: Audit, tmp_path: Path
) -> None:
    first, second = both
    text, found = flown(audit, both, tmp_path)
    proof = probe(found.checks, "base")
    assert (proof.status, proof.value) == (CheckStatus.PASS, 0.0)
    second.configure(**CALM)
    first.configure(**CALM | {"mix": {"503": 1.0}, "first_clean": N + 15})
    run = audit.launch(text, preflight=found)
    report = finished(audit, run)
    assert [p.n_used for p in report.policies] == [N, N]
    true_values(audit, run, "odd", "Be odd.\n\n")
    answered = endpoints(audit, run, "base") + endpoints(audit, run, "odd")
    by_second = [e for e in answered if second.url.split("/")[2] in e]
    assert (len(answered), len(by_second)) == (2 * N, 2 * N - (N + 15))
    told = [w for w in report.summary.warnings if "came from its backup" in w]
    counted = sum(int(w.split(" of ")[0]) for w in told)
    assert counted == len(by_second) == second.summary()["finished_keys"]
    assert "which the preflight had proved equal" in told[0]
    assert (first.summary()["asked_again_after_finish"], second.summary()["asked_again_after_finish"]) == (0, 0)


def test_another_run_reads_no_answer_of_a_backup_as_the_first_endpoints(
    both: tuple[FaultServer, FaultServer], audit: Audit, tmp_path: Path
) -> None:
    first, second = both
    text, found = flown(audit, both, tmp_path)
    first.configure(**CALM | {"outage": DOWN, "outage_kind": "401"})
    finished(audit, audit.launch(text, preflight=found))
    for server in both:
        server.configure(**CALM)
    report = finished(audit, audit.launch(text, preflight=found))
    assert first.summary()["finished_keys"] == 2 * N
    assert second.summary()["requests"] == 0
    assert not [w for w in report.summary.warnings if "backup" in w]


def test_a_backup_that_differs_is_refused_with_the_difference_and_never_asked(
    both: tuple[FaultServer, FaultServer], audit: Audit, tmp_path: Path
) -> None:
    first, second = both
    text, found = flown(audit, both, tmp_path, model="other")
    refused = probe(found.checks, "odd")
    assert refused.status is CheckStatus.FAIL and refused.value is not None and refused.value > 1
    assert f"its log-probs lie {refused.value:.3g} nats per response apart" in refused.sentence
    with pytest.raises(InputError, match="not the same"):
        audit.launch(text, preflight=found)
    second.configure(**CALM)
    first.configure(**CALM | {"outage": DOWN, "outage_kind": "401"})
    run = audit.launch(text, preflight=found, set_aside="to see", by="Ada")
    report = finished(audit, run)
    assert second.summary()["requests"] == 0
    assert {f.code for f in report.failures} >= {"auth"}


def test_without_a_preflight_a_backup_is_never_asked_and_the_report_says_so(
    both: tuple[FaultServer, FaultServer], audit: Audit, tmp_path: Path
) -> None:
    first, second = both
    first.configure(**CALM | {"outage": DOWN, "outage_kind": "401"})
    report = finished(audit, audit.launch(experiment(tmp_path, first.url, second.url)))
    assert second.summary()["requests"] == 0
    assert [w for w in report.summary.warnings if w.startswith("The backup of base was not used")]


def test_a_judges_backup_is_another_judge(both: tuple[FaultServer, FaultServer], audit: Audit, tmp_path: Path) -> None:
    first, second = both
    text, found = flown(audit, both, tmp_path, judge=True)
    assert "counts as another judge" in probe(found.checks, None).sentence
    second.configure(**CALM)
    first.configure(**CALM | {"mix": {"503": 1.0}, "first_clean": 2 * N + 15})
    report = finished(audit, audit.launch(text, preflight=found))
    check = next(c for c in report.checks() if c.id == "judge.single_judge")
    told = next(w for w in report.summary.warnings if "the judge's backup" in w)
    assert check.status is CheckStatus.FAIL
    assert "Two judges are behind the scores" in check.sentence
    assert told.split(" judgements")[0] in check.sentence


def test_a_resume_asks_neither_endpoint_again_for_what_it_answered(
    both: tuple[FaultServer, FaultServer], audit: Audit, tmp_path: Path
) -> None:
    first, second = both
    text, found = flown(audit, both, tmp_path)
    second.configure(**CALM | {"latency_s": 0.3})
    first.configure(**CALM | {"outage": DOWN, "outage_kind": "401"})
    run = audit.launch(text, preflight=found)
    assert 5 <= pause_midway(audit, run, second) < 2 * N
    audit.resume(run)
    report = finished(audit, run)
    assert [p.n_used for p in report.policies] == [N, N]
    assert (second.summary()["finished_keys"], second.summary()["asked_again_after_finish"]) == (2 * N, 0)


def dear_backup(folder: Path, first: FaultServer, second: FaultServer) -> str:
    """An experiment whose judge has a backup with a model that is not free as the first one is."""
    text = json.loads(experiment(folder, first.url, second.url, judge=True))
    text["judge"]["backup"]["model"] = "dear"
    text["execution"]["prices"] = {"m": {"input": 0, "output": 0}, "dear": {"input": 1_000_000, "output": 1_000_000}}
    return json.dumps(text)


def down_for_the_judge(first: FaultServer, second: FaultServer, latency_s: float) -> None:
    first.configure(**CALM | {"mix": {"503": 1.0}, "first_clean": 2 * N + 5})
    second.configure(**CALM | {"latency_s": latency_s})


def test_what_a_backup_answered_is_paid_at_its_own_price_after_a_resume_too(
    both: tuple[FaultServer, FaultServer], tmp_path: Path
) -> None:
    first, second = both
    spent = []
    for name, latency_s in (("straight", 0.02), ("resumed", 0.3)):
        audit = Audit.open(tmp_path / name)
        text = dear_backup(tmp_path, first, second)
        for server in both:
            server.configure(**CALM)
        found = audit.doctor(text)
        down_for_the_judge(first, second, latency_s)
        run = audit.launch(text, preflight=found)
        if name == "resumed":
            assert 5 <= pause_midway(audit, run, second) < N - 5
            audit.resume(run)
        finished(audit, run)
        assert second.summary()["finished_keys"] == N - 5
        spent.append(audit.monitor(run).spent)
        audit.close()
    assert spent[0] is not None and spent[0] > N - 5
    assert spent[1] == pytest.approx(spent[0])


def test_attempts_at_a_backup_count_under_the_backup(
    both: tuple[FaultServer, FaultServer], audit: Audit, tmp_path: Path
) -> None:
    first, second = both
    text = dear_backup(tmp_path, first, second)
    found = audit.doctor(text)
    down_for_the_judge(first, second, 0.02)
    run = audit.launch(text, preflight=found)
    finished(audit, run)
    rates = {r.group: (r.n, r.n_failed) for r in audit.failure_rates(run) if r.by == "provider"}
    hosts = [server.url.split("/")[2] for server in both]
    n_failed = first.summary()["requests"] - (2 * N + 5)
    assert rates == {
        f"openai_compatible {hosts[0]} m": (2 * N + 5 + n_failed, n_failed),
        f"openai_compatible {hosts[1]} dear": (N - 5, 0),
    }
    assert n_failed > 0
