"""The whole loop against a server that goes wrong on purpose; its truth is a function of the text."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from cje_audit.domain.experiment import EndpointLimits, Execution, Price
from cje_audit.stages.asking import FailedFast
from cje_audit.stages.base import StopRequested
from tests.faults.running import FaultServer, fault_server
from tests.stages.asking.helpers import Bench, bench, nothing_invented, policy

CALM = {
    "latency_s": 0.02,
    "mix": {},
    "outage": None,
    "rate_per_s": None,
    "key": None,
    "retry_after_s": 0.3,
    "slow_start_s": 0.0,
}


@pytest.fixture(scope="module")
def running() -> Iterator[FaultServer]:
    with fault_server() as found:
        yield found


@pytest.fixture
def server(running: FaultServer) -> FaultServer:
    running.configure(**CALM)
    return running


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as found:
        yield found


def test_one_in_five_faulty_and_nothing_is_invented(server: FaultServer, place: Bench) -> None:
    server.configure(mix="all:0.2")
    asked = place.ask(policy(server.url), 600, execution=Execution(concurrency=32, timeout_s=1))
    n_ok = nothing_invented(asked)
    seen = server.summary()
    assert n_ok == seen["finished_keys"] > 500
    assert (seen["early"], seen["asked_again_after_finish"], seen["keys"]) == (0, 0, 600)
    counts = place.context.answers.counts(place.context.run)
    assert (counts.ok, counts.ok + counts.failed) == (n_ok, seen["requests"])
    assert not {"unknown"} & set(place.context.answers.failures_by_code(place.context.run))


@pytest.mark.slow
def test_ten_thousand_under_all_faults(server: FaultServer, place: Bench) -> None:
    server.configure(mix="all:0.2")
    asked = place.ask(policy(server.url), 10_000, execution=Execution(concurrency=64, timeout_s=2))
    n_ok = nothing_invented(asked)
    seen = server.summary()
    assert (n_ok, seen["early"], seen["asked_again_after_finish"]) == (seen["finished_keys"], 0, 0)
    assert n_ok > 8500


def test_passing_faults_are_recovered_from(server: FaultServer, place: Bench) -> None:
    server.configure(mix="transient:0.2")
    asked = place.ask(policy(server.url), 400, execution=Execution(concurrency=32, timeout_s=1))
    assert nothing_invented(asked) == 400
    assert server.summary()["slack_max_s"] < 1.0


@pytest.mark.parametrize("kind", ["401", "403", "404", "402", "429_quota"])
def test_an_endpoint_that_refuses_is_asked_once(server: FaultServer, place: Bench, kind: str) -> None:
    server.configure(mix=f"{kind}:1")
    asked = place.ask(policy(server.url), 200, execution=Execution(concurrency=32))
    assert server.summary()["requests"] == 1
    assert len({str(end.result.code) for end in asked}) == 1
    assert asked[0].result.code is not None
    assert [end.attempts for end in asked] == [1] + [0] * 199
    assert len(place.context.answers.failed_questions(place.context.run)) == 200


def test_later_at_most_those_in_flight_follow(server: FaultServer, place: Bench) -> None:
    server.configure(mix="401:1", first_clean=100)
    asked = place.ask(policy(server.url), 400, execution=Execution(concurrency=16))
    assert nothing_invented(asked) == 100
    assert server.summary()["requests"] <= 100 + 16


def test_an_outage_costs_little_more_than_itself(server: FaultServer, place: Bench) -> None:
    costs = []
    for turn in range(3):  # other work on the machine only adds time: what the outage costs is the least of a few
        costs.append(cost_of_an_outage(server, place, first=turn * 10_000))
        if costs[-1] < 4.0 + 5.0:
            break
    assert min(costs) < 4.0 + 5.0, costs


def cost_of_an_outage(server: FaultServer, place: Bench, first: int) -> float:
    """Return how much longer the same work takes with four seconds of outage, than calm runs before and after it."""
    execution, n = Execution(concurrency=32, timeout_s=5), 1500

    def timed(first: int, **faults: object) -> float:
        server.configure(**CALM | {"latency_s": 0.05} | faults)
        began = time.monotonic()
        asked = place.ask(policy(server.url), n, execution=execution, first=first)
        took = time.monotonic() - began
        assert nothing_invented(asked, first) == n
        return took

    before = timed(first)
    failed = place.context.answers.counts(place.context.run).failed
    took = timed(first + n, outage=[0.5, 4.0])
    assert place.context.answers.counts(place.context.run).failed - failed <= 32 + 5 + 4 + 2
    return took - max(before, timed(first + 2 * n))


def test_a_server_that_starts_slowly_is_waited_for(server: FaultServer, place: Bench) -> None:
    server.configure(slow_start_s=1.5)
    asked = place.ask(policy(server.url), 50, execution=Execution(concurrency=16))
    assert nothing_invented(asked) == 50
    assert server.summary()["requests"] <= 50 + 5


def test_a_limit_of_the_server_is_found(server: FaultServer, place: Bench) -> None:
    server.configure(rate_per_s=40, latency_s=0.05)
    asked = place.ask(policy(server.url), 400, execution=Execution(concurrency=64))
    assert nothing_invented(asked) == 400
    late = [kind for at, _, _, kind in server.log() if at > 5.0]
    assert sum(kind is not None for kind in late) <= 0.05 * len(late)


def test_a_budget_is_kept(server: FaultServer, place: Bench) -> None:
    execution = Execution(concurrency=16, limits={"m": EndpointLimits(requests_per_minute=1200)})
    began = time.monotonic()
    assert nothing_invented(place.ask(policy(server.url), 60, execution=execution)) == 60
    assert 1.9 <= time.monotonic() - began < 6


def test_a_stop_ends_soon_and_loses_nothing(server: FaultServer, place: Bench) -> None:
    server.configure(latency_s=0.3)
    execution = Execution(concurrency=16)
    threading.Timer(1.0, place.context.stop.set, ("pause",)).start()
    began = time.monotonic()
    with pytest.raises(StopRequested, match="pause"):
        place.ask(policy(server.url), 1000, execution=execution)
    assert time.monotonic() - began < 3.0
    finished = server.summary()["finished"]
    assert finished == place.context.answers.counts(place.context.run).ok > 16
    assert place.context.answers.in_flight(place.context.run) == 0


def test_a_stop_does_not_wait_for_a_server_that_hangs(server: FaultServer, place: Bench) -> None:
    server.configure(mix="hang:1", first_clean=1)
    threading.Timer(0.5, place.context.stop.set, ("cancel",)).start()
    began = time.monotonic()
    with pytest.raises(StopRequested, match="cancel"):
        place.ask(policy(server.url), 100, execution=Execution(concurrency=8, timeout_s=60))
    assert time.monotonic() - began < 2.5
    assert place.context.answers.failures_by_code(place.context.run) == {"cancelled": 8}
    assert place.context.answers.failed_questions(place.context.run) == []


def test_failing_fast_stops_the_rest(server: FaultServer, place: Bench) -> None:
    server.configure(mix="400:0.5")
    with pytest.raises(FailedFast, match="fail_fast"):
        place.ask(policy(server.url), 500, execution=Execution(concurrency=8, on_failure="fail_fast"))
    assert server.summary()["requests"] < 50


def test_the_cost_cap_stops_asking_and_counts_over_restarts(server: FaultServer, place: Bench) -> None:
    execution = Execution(concurrency=8, max_cost=1.0, prices={"m": Price(input=0.0, output=10_000.0)})  # 0.01 each
    with pytest.raises(StopRequested, match="budget"):
        place.ask(policy(server.url), 500, execution=execution)
    assert 100 <= server.summary()["requests"] <= 108
    with pytest.raises(StopRequested, match="budget"):
        place.ask(policy(server.url), 500, execution=execution)
    assert server.summary()["requests"] <= 108


def test_a_finished_answer_is_never_asked_for_again(server: FaultServer, place: Bench) -> None:
    server.configure(mix="lasting:0.2")
    execution = Execution(concurrency=8)
    first = place.ask(policy(server.url), 100, execution=execution)
    again = place.ask(policy(server.url), 100, execution=execution)
    assert server.summary()["requests"] == 100
    assert [a.result for a in first] == [a.result for a in again]
    assert Counter(a.reused for a in again) == Counter(a.result.is_ok for a in again)


def test_the_monitor_is_told(server: FaultServer, place: Bench) -> None:
    server.configure(mix="429_s:0.1")
    place.ask(policy(server.url), 100, execution=Execution(concurrency=8))
    facts = place.workspace.asking(place.context.run)
    assert facts is not None and facts["retry_after_waits"] > 0
    assert facts["endpoints"][0]["median_s"] >= 0.02
    progress = place.workspace.progress(place.context.run)["target_policy"]
    assert (progress.n_done, progress.n_failed) == (100, 0)


def test_no_key_is_ever_written(server: FaultServer, place: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "sk-canary-91f0c2"
    monkeypatch.setenv("ASKING_TEST_KEY", key)
    server.configure(key="another", mix="all:0.3")
    place.ask(policy(server.url, api_key_env="ASKING_TEST_KEY"), 50, execution=Execution(concurrency=8, timeout_s=1))
    server.configure(key=key, mix="all:0.3")
    with bench(place.workspace.root / "second") as second:
        second.ask(
            policy(server.url, api_key_env="ASKING_TEST_KEY"), 100, execution=Execution(concurrency=8, timeout_s=1)
        )
        rows = second.context.answers
        stored = b"".join(
            b for q in rows.ended_attempts(second.context.run) for pair in rows.bodies(q.key) for b in pair if b
        )
        assert key.encode() not in stored
    for path in place.workspace.root.rglob("*"):
        assert not path.is_file() or key.encode() not in path.read_bytes(), path
