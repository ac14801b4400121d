"""An experiment on a fault server, and what the preflight says of it."""

import json
from pathlib import Path
from typing import Any

from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.domain.experiment import DataSource, Experiment, Judge
from cje_audit.domain.policy import Policy
from cje_audit.stages.doctor.examine import Allowed, examine

Found = dict[tuple[str, str | None], Check]


def experiment(url: str, *, judge: Judge | None = None, **changes: Any) -> Experiment:
    """Two policies that differ by their system prompt, on one server."""
    fields = {"provider": "openai_compatible", "base_url": url, "model": "m", "system_prompt": "Be brief."} | changes
    base = Policy(name="base", **fields)
    other = base.model_copy(update={"name": "odd", "system_prompt": "Be odd."})
    return Experiment(
        name="t", data=DataSource(path="-"), logging_policy=base, target_policies=(other,), judge=judge or Judge()
    )


def written(url: str, folder: Path) -> str:
    """Write twelve prompts into a folder and return the text of an experiment that asks one server everything."""
    rows = [{"prompt_id": f"p{i}", "prompt": f"What is {i} plus {i}?"} for i in range(12)]
    (folder / "prompts.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    ends = {"provider": "openai_compatible", "base_url": url, "model": "m"}
    document = {
        "name": "doctored", "data": {"path": str(folder / "prompts.jsonl")}, "logging_policy": {**ends, "name": "base"},
        "target_policies": [{**ends, "name": "odd", "system_prompt": "Be odd."}], "judge": {**ends, "kind": "score"},
    }  # fmt: skip
    return json.dumps(document)


def judge_at(url: str) -> Judge:
    """A judge that is asked for scores at a server."""
    return Judge(kind="score", provider="openai_compatible", base_url=url, model="m")


def examined(asked: Experiment, *allowed: Allowed) -> Found:
    """Return the checks by probe and policy."""
    return {(c.id.removeprefix("doctor."), c.policy): c for c in examine(asked, Path.cwd(), *allowed)}


def failing(checks: Found) -> set[str]:
    """Return the probes that fail."""
    return {probe for (probe, _), check in checks.items() if check.status is CheckStatus.FAIL}
