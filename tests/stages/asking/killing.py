"""A scoring run that is killed −9 again and again: its configuration, and one kill."""

import json
import os
import random
import signal
import time
from pathlib import Path

from cje_audit.audit import Audit
from tests.stages.asking.helpers import text

CONCURRENCY = 32
POLL_S = 0.005


def config(folder: Path, url: str, n: int) -> str:
    """Return a run of n rows scored by the logging and one target policy; its data lies in `folder`."""
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


def kill_once(audit: Audit, run: str, rng: random.Random, most: int = 60) -> bool:
    """Kill −9 the worker once it has asked up to `most` more, and resume; False when the run had ended before."""
    enough = audit.live(run).n_asked + rng.randint(1, most)
    while audit.live(run).n_asked < enough and not audit.live(run).final:
        time.sleep(POLL_S)
    pid = audit._runs.get(run).pid
    if audit.live(run).final or pid is None:
        return False
    os.kill(pid, signal.SIGKILL)
    while audit.live(run).worker != "lost":
        time.sleep(POLL_S)
    audit.resume(run)
    return True
