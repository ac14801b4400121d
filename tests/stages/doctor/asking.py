"""An experiment on a fault server, and what the preflight says of it."""

from pathlib import Path
from typing import Any

from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.domain.experiment import DataSource, Experiment, Judge
from cje_audit.domain.policy import Policy
from cje_audit.stages.doctor import examine


def experiment(url: str, *, judge: Judge | None = None, **changes: Any) -> Experiment:
    """Two policies that differ by their system prompt, on one server."""
    fields = {"provider": "openai_compatible", "base_url": url, "model": "m", "system_prompt": "Be brief."} | changes
    base = Policy(name="base", **fields)
    other = base.model_copy(update={"name": "odd", "system_prompt": "Be odd."})
    return Experiment(
        name="t", data=DataSource(path="-"), logging_policy=base, target_policies=(other,), judge=judge or Judge()
    )


def examined(asked: Experiment) -> dict[tuple[str, str | None], Check]:
    """Return the checks by probe and policy."""
    return {(c.id.removeprefix("doctor."), c.policy): c for c in examine(asked, Path.cwd())}


def failing(checks: dict[tuple[str, str | None], Check]) -> set[str]:
    """Return the probes that fail."""
    return {probe for (probe, _), check in checks.items() if check.status is CheckStatus.FAIL}
