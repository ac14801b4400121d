"""A worker killed at random moments of a scoring run: nothing is lost, and little is asked twice, and it is counted."""

import random
from pathlib import Path

import pytest

from cje_audit.audit import Audit
from tests.faults.running import fault_server
from tests.stages.asking.killing import CONCURRENCY, config, kill_once
from tests.stages.helpers import dump


@pytest.mark.parametrize(("n", "kills"), [(600, 4), pytest.param(2500, 20, marks=pytest.mark.slow)])
def test_kills_lose_nothing(tmp_path: Path, n: int, kills: int) -> None:
    calm, killed = Audit.open(tmp_path / "calm"), Audit.open(tmp_path / "killed")
    rng = random.Random(7)
    with fault_server("--latency", "0.05", "--mix", "lasting:0.05") as server:
        settings = config(tmp_path, server.url, n)
        done = calm.launch(settings)
        assert calm.wait(done, timeout_s=120).status == "complete"
        server.configure()
        run = killed.launch(settings)
        n_killed = sum(kill_once(killed, run, rng) for _ in range(kills))
        assert killed.wait(run, timeout_s=120).status == "complete"
        seen = server.summary()
    lost = killed.live(run).possibly_paid_twice
    assert seen["keys"] == 2 * n
    assert seen["requests"] - seen["keys"] <= lost <= CONCURRENCY * n_killed
    assert seen["asked_again_after_finish"] <= lost
    mine, theirs = dump(killed, run), dump(calm, done)
    for name in mine:
        assert mine[name].equals(theirs[name]), name
    for audit in (calm, killed):
        audit.close()
