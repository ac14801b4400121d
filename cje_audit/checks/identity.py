"""Whether the policies really are different ones: equal columns under two names, one identity with two answers."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.build import not_evaluated
from cje_audit.checks.frame import Column, PolicyFacts
from cje_audit.checks.words import count
from cje_audit.domain.checks import Check, CheckStatus

CHECK = "target_policy.identical_policies"
Twin = tuple[str, str, int, int]
"""Two policies, how many rows agree (or differ), of how many."""


def shared_values(a: Column, b: Column) -> tuple[int, int]:
    """Return how many rows have the same log-prob under both (within 1e-6 nats), of how many that tell anything."""
    both = a.ok & b.ok
    telling = both & (a.values < -thresholds.CERTAIN)
    same = telling & (np.abs(a.values - b.values) <= thresholds.TIED_NATS)
    return int(np.count_nonzero(same)), int(np.count_nonzero(telling))


def twins(targets: Mapping[str, Column], facts: Mapping[str, PolicyFacts]) -> list[Twin]:
    """Return pairs of differently identified target policies with the same log-probs on 90 % of the rows."""
    found = []
    for a, b in combinations(_comparable(targets, facts), 2):
        if _one_identity(facts[a], facts[b]):
            continue
        same, telling = shared_values(targets[a], targets[b])
        if telling >= thresholds.TIED_ROWS and same >= thresholds.TIED * telling:
            found.append((a, b, same, telling))
    return found


def twin_names(targets: Mapping[str, Column], facts: Mapping[str, PolicyFacts]) -> frozenset[str]:
    """Return the names of all policies that share their log-probs with another one; these are refused."""
    return frozenset(name for a, b, *_ in twins(targets, facts) for name in (a, b))


def split_identities(targets: Mapping[str, Column], facts: Mapping[str, PolicyFacts]) -> list[Twin]:
    """Return pairs of target policies of one identity whose log-probs differ on more than a tenth of the rows."""
    found = []
    for a, b in combinations(_comparable(targets, facts), 2):
        if not _one_identity(facts[a], facts[b]):
            continue
        same, telling = shared_values(targets[a], targets[b])
        if telling >= thresholds.TIED_ROWS and same < thresholds.TIED * telling:
            found.append((a, b, telling - same, telling))
    return found


def _comparable(targets: Mapping[str, Column], facts: Mapping[str, PolicyFacts]) -> list[str]:
    """Return the scored policies that should be unlike each other; a clone is compared with the logging policy."""
    return [n for n, f in facts.items() if f.role != "clone" and n in targets and targets[n].n_ok]


def _one_identity(a: PolicyFacts, b: PolicyFacts) -> bool:
    return a.identity is not None and a.identity == b.identity


def identical_policies(targets: Mapping[str, Column], facts: Mapping[str, PolicyFacts]) -> Check:
    """Fail different policies with the same log-probs; warn of one identity with different log-probs."""
    scored = _comparable(targets, facts)
    if len(scored) < 2:
        return not_evaluated(CHECK, "fewer than two target policies (clones aside) have log-probs to compare")
    same, split = twins(targets, facts), split_identities(targets, facts)
    status = CheckStatus.FAIL if same else CheckStatus.WARN if split else CheckStatus.PASS
    said = [
        f"{a} and {b} have the same log-probs on {count(k, n)} rows, though they are different policies"
        for a, b, k, n in same
    ]
    said += [f"{a} and {b} are one policy but differ on {count(k, n)} rows" for a, b, k, n in split]
    return Check(
        id=CHECK,
        status=status,
        value=max((k / n for *_, k, n in same), default=None),
        threshold=thresholds.TIED,
        n_affected=max(k for *_, k, _n in same + split) if said else None,
        sentence="; ".join(said) + "." if said else f"The {len(scored)} target policies have different log-probs.",
        what_to_do="Check model, template and system prompt of these policies, then score them again."
        if said
        else None,
    )
