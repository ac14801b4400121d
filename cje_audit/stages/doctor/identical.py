"""Whether policies that should differ are told apart."""

from collections.abc import Sequence
from itertools import combinations

from cje_audit.domain.checks import Check
from cje_audit.domain.policy import Policy
from cje_audit.domain.results import LogProbResult
from cje_audit.stages.doctor import limits
from cje_audit.stages.doctor.build import failed, passed, unknown, warned
from cje_audit.stages.doctor.evidence import Evidence, per_token

READ = ("model", "revision", "template", "template_sha256", "system_prompt", "user_template")  # what a model reads


def identical(evidence: Sequence[Evidence]) -> Check:
    """Judge every pair of policies by the log-probs of the same two responses."""
    if len(evidence) < 2:
        return unknown("identical", None, "fewer than two policies could be scored")
    pairs = [(a, b) for a, b in combinations(evidence, 2) if a.policy.identity_hash() != b.policy.identity_hash()]
    same = [(a.policy, b.policy) for a, b in pairs if _same(a, b)]
    wrong = [(a, b) for a, b in same if _differ(a, b, READ)]
    if wrong:
        a, b = wrong[0]
        fields = ", ".join(_differ(a, b, READ))
        return failed(
            "identical", None, f"{a.name} and {b.name} differ in {fields}, but have the same log-probs on every probe.",
            "Check that the server reads the system prompt and serves both models; their weights would all be 1.",
            float(len(wrong)), 0.0,
        )  # fmt: skip
    if same:
        a, b = same[0]
        return warned(
            "identical", None,
            f"{a.name} and {b.name} differ only in sampling or in where they are served: their log-probs are equal.",
            "Log-probs are scored at temperature 1: the weights between these two say nothing about sampling.",
            float(len(same)), 0.0,
        )  # fmt: skip
    return passed("identical", None, f"All {len(evidence)} policies that should differ do.", 0.0, 0.0)


def _same(a: Evidence, b: Evidence) -> bool:
    """Whether every response that both have a value for has the same ones; the first has, the shuffled one may not."""
    both = a.shuffled.is_ok and b.shuffled.is_ok
    return _close(a.first, b.first) and (not both or _close(a.shuffled, b.shuffled))


def _close(a: LogProbResult, b: LogProbResult) -> bool:
    one, two = per_token(a), per_token(b)
    together = bool(one) and len(one) == len(two)
    return together and all(abs(x - y) <= limits.SAME for x, y in zip(one, two, strict=True))


def _differ(a: Policy, b: Policy, fields: Sequence[str]) -> list[str]:
    return [name for name in fields if getattr(a, name) != getattr(b, name)]
