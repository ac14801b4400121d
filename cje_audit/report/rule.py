"""The decision rule in words, the same before a run and in its report."""

from cje_audit.checks.words import number, percent
from cje_audit.domain.outcome import DecisionRule


def rule_sentence(rule: DecisionRule, baseline: str, n_candidates: int) -> str:
    """Say the rule as it is fixed, and that its confidence is shared where there are several candidates.

    Examples
    --------
    >>> rule_sentence(DecisionRule(margin=0.02), "base", 2).partition(": ")[2]
    'ship if the difference to base exceeds 0.02 with 95 % confidence, shared among 2 candidates.'
    """
    shared = f", shared among {n_candidates} candidates" if n_candidates > 1 else ""
    return (
        f"Rule fixed before the run: ship if the difference to {baseline} exceeds {number(rule.margin)} "
        f"with {percent(rule.confidence)} confidence{shared}."
    )
