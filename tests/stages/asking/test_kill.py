"""A worker killed at random moments of a scoring run: nothing is lost, and little is asked twice, and it is counted."""

import json
import os
import random
import signal
import time
from pathlib import Path

import pytest

from cje_audit.audit import Audit
from tests.faults.running import fault_server
from tests.stages.asking.helpers import text
from tests.stages.helpers import dump

CONCURRENCY = 32


def config(folder: Path, url: str, n: int) -> str:
    rows = [
        {"prompt_id": f"p{i}", "prompt": text(i)[0], "response": text(i)[1], "judge_score": 0.5 + i % 7 / 20}
        for i in range(n)
    ]
    (folder / "prompts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    base = {"name": "base", "provider": "openai_compatible", "base_url": url, "model": "m"}
    return json.dumps(
        {
            "name": "killed", "data": {"path": str(folder / "prompts.jsonl")}, "logging_policy": base,
            "target_policies": [base | {"name": "other", "model": "other"}], "execution": {"concurrency": CONCURRENCY, "timeout_s": 5},
        }
    )  # fmt: skip


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


def kill_once(audit: Audit, run: str, rng: random.Random) -> bool:
    """Kill −9 the worker once it has asked a little more, and resume; False when the run had ended before."""
    asked = audit.live(run).n_asked
    enough = asked + rng.randint(1, 60)
    while audit.live(run).n_asked < enough and not audit.live(run).final:
        time.sleep(0.005)
    pid = audit._runs.get(run).pid
    if audit.live(run).final or pid is None:
        return False
    os.kill(pid, signal.SIGKILL)
    while audit.live(run).worker != "lost":
        time.sleep(0.005)
    audit.resume(run)
    return True
