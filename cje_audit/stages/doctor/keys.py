"""Whether the keys are there. Only the names of environment variables are ever looked at or said."""

import os
from collections.abc import Iterable

from cje_audit.domain.checks import Check
from cje_audit.domain.experiment import Experiment, Judge
from cje_audit.domain.policy import Endpoint, Policy
from cje_audit.providers.registry import key_of
from cje_audit.stages.doctor.build import failed, passed


def endpoints(experiment: Experiment) -> list[Endpoint | Judge]:
    """Return everything that is asked in a run, backups too."""
    judges = [j for j in (experiment.judge, experiment.oracle.judge) if j is not None and j.provider is not None]
    first: list[Policy | Judge] = [experiment.logging_policy, *experiment.target_policies, *judges]
    backups = [b for b in (asked.at_backup() for asked in first) if b is not None]
    return [*first, *backups]


def keys(experiment: Experiment) -> Check:
    """Judge whether every variable that a key is read from is set."""
    needed = _needed(endpoints(experiment))
    missing = [name for name in needed if not os.environ.get(name, "").strip()]
    if missing:
        names = ", ".join(missing)
        return failed(
            "keys", None, f"Not set in this program's environment: {names}.",
            f"Set {names} in the environment this program is started from.", float(len(missing)), 0.0,
        )  # fmt: skip
    told = f"Keys are there: {', '.join(needed)}." if needed else "No endpoint of this experiment needs a key."
    return passed("keys", None, told, 0.0, 0.0)


def _needed(asked: Iterable[Endpoint | Judge]) -> list[str]:
    return list(dict.fromkeys(name for name in map(key_of, asked) if name is not None))
