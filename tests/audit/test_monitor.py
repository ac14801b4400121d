from pathlib import Path

from cje_audit.audit import Audit
from tests.stages.helpers import experiment, script


def test_the_monitor_shows_failures_by_minute_and_the_endpoints(tmp_path: Path, audit: Audit) -> None:
    fault = {"op": "logprobs", "policy": "mild", "times": 1, "code": "unparseable", "contains": "What is 1"}
    run = audit.launch(experiment(tmp_path, script(tmp_path, faults=[fault]), n=20))
    audit.wait(run, timeout_s=60)
    seen = audit.monitor(run)
    assert sum(minute.n for minute in seen.minutes) == 20 + 80 + 20 + 11
    assert sum(minute.failures.get("unparseable", 0) for minute in seen.minutes) == 11
    assert (seen.in_flight, seen.waiting, seen.spent) == (0, 0, None)
    assert {e.name for e in seen.endpoints} == {"scripted m", "scripted judge"}
    assert seen.slowest in {"scripted m", "scripted judge"}


def test_a_run_that_asked_nothing_has_an_empty_monitor(audit: Audit) -> None:
    run = audit.demo()
    audit.wait(run, timeout_s=60)
    assert audit.monitor(run).minutes == ()
    assert audit.failure_patterns(run) == ()


def test_patterns_and_rates_of_a_run(tmp_path: Path, audit: Audit) -> None:
    fault = {"op": "logprobs", "policy": "mild", "code": "bad_request"}
    run = audit.launch(experiment(tmp_path, script(tmp_path, faults=[fault]), n=20))
    audit.wait(run, timeout_s=60)
    (found,) = audit.failure_patterns(run)
    assert (found.by, found.code, found.n_failed) == ("policy", "bad_request", 20)
    rates = {r.group: (r.n_failed, r.n) for r in audit.failure_rates(run) if r.by == "policy"}
    assert (rates["mild"], rates["clone"]) == ((20, 20), (0, 20))


def test_the_cost_is_known_before_anything_is_asked(tmp_path: Path, audit: Audit) -> None:
    text = experiment(tmp_path, script(tmp_path), n=10, execution="{prices: {m: {input: 1, output: 1}}}")
    found = audit.estimate_cost(text)
    assert (found.n_requests, found.cost, found.unpriced) == (10 + 40 + 10, None, ("judge",))
