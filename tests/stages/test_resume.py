"""Launched runs: killed, resumed, cancelled, repeated. A finished answer is never lost and never asked for again."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from cje_audit.audit import Audit
from tests.stages.helpers import asks, dump, experiment, script


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Audit, Audit]]:
    opened = [Audit.open(tmp_path / name) for name in ("calm", "killed")]
    yield opened[0], opened[1]
    for audit in opened:
        audit.close()


def kill_worker(audit: Audit, run: str) -> bool:
    """Kill −9 the run's worker; False when the run had ended already."""
    record = audit._runs.get(run)
    if record.status == "complete" or record.pid is None:
        return False
    os.kill(record.pid, signal.SIGKILL)
    while audit.live(run).worker != "lost":
        time.sleep(0.01)
    return True


def test_five_kills_change_nothing(tmp_path: Path, two: tuple[Audit, Audit]) -> None:
    calm, killed = two
    rng = random.Random(5)
    shared_script = script(tmp_path, delay_s=0.08)
    text = experiment(tmp_path, shared_script, n=40, execution="{concurrency: 4}")

    done = calm.launch(text)
    assert calm.wait(done, timeout_s=60).status == "complete"
    undisturbed = asks(tmp_path)
    assert set(Counter(undisturbed).values()) == {1}

    (tmp_path / "asks.jsonl").unlink()
    run = killed.launch(text)
    kills = 0
    for _ in range(5):
        while killed.live(run).worker == "starting":
            time.sleep(0.01)
        time.sleep(rng.uniform(0.1, 0.8))
        kills += kill_worker(killed, run)
        killed.resume(run)
    assert killed.wait(run, timeout_s=90).status == "complete"
    assert kills >= 3

    view = killed.live(run)
    repeated = len(asks(tmp_path)) - len(undisturbed)
    assert set(asks(tmp_path)) == set(undisturbed)
    assert 0 <= repeated <= view.possibly_paid_twice <= 4 * kills
    mine, theirs = dump(killed, run), dump(calm, done)
    for name in mine:
        assert mine[name].equals(theirs[name]), name


def test_running_again_asks_nothing(tmp_path: Path, audit: Audit) -> None:
    text = experiment(tmp_path, script(tmp_path), n=10)
    first = audit.launch(text)
    assert audit.wait(first, timeout_s=60).status == "complete"
    before = len(asks(tmp_path))
    second = audit.launch(text)
    assert audit.wait(second, timeout_s=60).status == "complete"
    assert second != first
    assert len(asks(tmp_path)) == before == 10 + 4 * 10 + 10
    view = audit.live(second)
    assert (view.n_asked, view.n_reused) == (0, before)
    one, two = dump(audit, first), dump(audit, second)
    assert all(one[name].equals(two[name]) for name in one)


def test_the_clone_is_a_second_reading(tmp_path: Path, audit: Audit) -> None:
    run = audit.launch(experiment(tmp_path, script(tmp_path), n=5))
    audit.wait(run, timeout_s=60)
    scored = Counter(who for op, who, *_ in asks(tmp_path) if op == "logprobs")
    assert scored == {"base": 5, "clone": 5, "mild": 5, "other": 5}


def test_cancel_ends_soon_and_resume_goes_on(tmp_path: Path, audit: Audit) -> None:
    run = audit.launch(experiment(tmp_path, script(tmp_path, delay_s=0.3), n=20, execution="{concurrency: 2}"))
    while audit.live(run).n_asked < 4:
        time.sleep(0.02)
    started = time.monotonic()
    audit.cancel(run)
    row = audit.wait(run, timeout_s=10)
    assert (row.status, time.monotonic() - started < 3) == ("cancelled", True)
    (tmp_path / "script.json").write_text(script(tmp_path).read_text())
    asked = len(asks(tmp_path))
    assert audit.resume(run).status in ("queued", "running", "complete")
    assert audit.wait(run, timeout_s=60).status == "complete"
    assert len(asks(tmp_path)) - asked <= 20 + 4 * 20 + 20 - 4


def test_a_worker_that_is_gone_is_said_to_be(tmp_path: Path, audit: Audit) -> None:
    run = audit.launch(experiment(tmp_path, script(tmp_path, delay_s=0.5), n=20))
    while audit.live(run).worker != "alive":
        time.sleep(0.02)
    assert kill_worker(audit, run)
    row = audit.run(run)
    assert (row.status, audit.live(run).final) == ("partial", True)
    assert "resume" in (row.error or "")
