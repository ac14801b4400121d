"""The preflight: asks a few known things of every endpoint and says which of its answers can be trusted."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.domain.experiment import Experiment, Judge
from cje_audit.domain.policy import Policy
from cje_audit.stages.doctor import limits, material
from cje_audit.stages.doctor.alignment import alignment
from cje_audit.stages.doctor.backup import judge_backup, policy_backup
from cje_audit.stages.doctor.build import unknown
from cje_audit.stages.doctor.controls import controls
from cje_audit.stages.doctor.counts import counts
from cje_audit.stages.doctor.disk import disk
from cje_audit.stages.doctor.echo import VALUES, echo, sign
from cje_audit.stages.doctor.evidence import EndpointEvidence, Evidence, gather, gather_endpoint
from cje_audit.stages.doctor.greedy import greedy
from cje_audit.stages.doctor.identical import identical
from cje_audit.stages.doctor.judge import judge
from cje_audit.stages.doctor.keys import keys
from cje_audit.stages.doctor.likely import likely
from cje_audit.stages.doctor.noise import noise
from cje_audit.stages.doctor.prober import Key, Prober, endpoint_key
from cje_audit.stages.doctor.template import template

SCORED = (alignment, greedy, likely, noise, controls)
NAMES = ("sign", "template", "alignment", "greedy", "likely", "noise", "controls", "counts")


@dataclass(frozen=True, slots=True)
class Examined:
    """One policy's checks, and the evidence where there is any."""

    checks: tuple[Check, ...]
    evidence: Evidence | None = None

    def named(self, policy: Policy) -> "Examined":
        """Return the same under the name of a policy with the same identity."""
        return Examined(tuple(c.model_copy(update={"policy": policy.name}) for c in self.checks), self.evidence)


@dataclass(frozen=True, slots=True)
class Allowed:
    """How long a preflight may take, in seconds: for all scoring, and at least for judges that had to wait for it."""

    scoring: float = limits.SECONDS
    judging: float = limits.JUDGE_SECONDS


def examine(experiment: Experiment, folder: Path, allowed: Allowed | None = None) -> tuple[Check, ...]:
    """Examine every endpoint of an experiment; stored answers are never read, and nothing is stored.

    Parameters
    ----------
    folder
        Where the workspace lies, or will lie.
    allowed
        How long it may take; what has no answer by then is `not_evaluated`.

    Returns
    -------
    tuple of Check
        One per probe and policy; `policy` is None for what concerns all of them.
    """
    return asyncio.run(_examine(experiment, folder, allowed or Allowed()))


async def _examine(experiment: Experiment, folder: Path, allowed: Allowed) -> tuple[Check, ...]:
    prober = Prober(allowed.scoring)
    policies = (experiment.logging_policy, *experiment.target_policies)
    endpoints = {endpoint_key(p): p for p in reversed(policies)}  # the first policy of each
    try:
        backups = asyncio.create_task(_backups(prober, experiment))
        shared = {key: asyncio.create_task(gather_endpoint(prober, p)) for key, p in endpoints.items()}
        judged = _free_judges(prober, experiment, shared)
        different = {p.identity_hash(): p for p in reversed(policies)}  # a clone is the policy it is a clone of
        found = await asyncio.gather(*(_policy(prober, p, shared[endpoint_key(p)]) for p in different.values()))
        by_identity = dict(zip(different, found, strict=True))
        examined = [by_identity[p.identity_hash()].named(p) for p in policies]
        await asyncio.gather(*shared.values())
        of_backups = await backups
        prober.at_least(allowed.judging)
        of_judges = await asyncio.gather(
            *(judged.get(probe) or judge(prober, j, probe) for probe, j in _judges(experiment).items())
        )
        overrun = {key: await prober.overrun(p, material.PROMPT) for key, p in endpoints.items()}  # may write for long
    finally:
        await prober.aclose()
    evidence = [e.evidence for e in found if e.evidence is not None]
    general = [keys(experiment), disk(folder), identical(evidence), *of_judges]
    of_policies = [
        check
        for p, e in zip(policies, examined, strict=True)
        for check in (*e.checks, *_counts(p, e, overrun[endpoint_key(p)]))
    ]
    return (*general, *of_policies, *of_backups)


def _judges(experiment: Experiment) -> dict[str, Judge]:
    """Return the judges by probe: the one that scores, and the one that labels where there is one."""
    second = experiment.oracle.judge
    return {"judge": experiment.judge} | ({} if second is None else {"oracle_judge": second})


def _free_judges(
    prober: Prober, experiment: Experiment, scoring: Mapping[Key, object]
) -> dict[str, asyncio.Task[Check]]:
    """Ask the judges at endpoints that score nothing; one that thinks aloud would hold up all scoring at the others."""
    free = {probe: j for probe, j in _judges(experiment).items() if endpoint_key(j) not in scoring}
    return {probe: asyncio.create_task(judge(prober, j, probe)) for probe, j in free.items()}


def _counts(policy: Policy, examined: Examined, overrun: int | None) -> tuple[Check, ...]:
    """Return what is said of the number of tokens, where the policy could be scored at all."""
    return () if examined.evidence is None else (counts(policy.name, overrun),)


async def _backups(prober: Prober, experiment: Experiment) -> list[Check]:
    """Examine every backup that is named."""
    policies = (experiment.logging_policy, *experiment.target_policies)
    found = await asyncio.gather(
        judge_backup(prober, experiment.judge), *(policy_backup(prober, policy) for policy in policies)
    )
    return [check for check in found if check is not None]


async def _policy(prober: Prober, policy: Policy, endpoint: asyncio.Task[EndpointEvidence]) -> Examined:
    """Examine one policy: a first answer, and where it came everything else."""
    first = await prober.score(policy, material.PROMPT, material.WHOLE)
    found = echo(policy.name, first)
    if first.code in VALUES:
        why = "the values are no log-probabilities (doctor.sign)"
        return Examined((found, sign(policy.name, first), *(unknown(n, policy.name, why) for n in NAMES[1:])))
    if not first.is_ok:
        return Examined((found, *(unknown(n, policy.name, "there are no log-probs (doctor.echo)") for n in NAMES)))
    evidence = await gather(prober, policy, first, endpoint)
    checks = (sign(policy.name, first), template(policy, first), *(probe(evidence) for probe in SCORED))
    return Examined((found, *checks), evidence)


def blocks(checks: tuple[Check, ...]) -> bool:
    """Whether a launch has to wait: a probe that fails, not one that warns."""
    return any(check.status is CheckStatus.FAIL for check in checks)
