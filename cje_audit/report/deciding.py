"""The decision rule, fixed before the run, and what it says. An unhealthy policy never ships."""

from collections.abc import Mapping, Sequence

from cje_audit.checks.words import number, percent, span
from cje_audit.domain.checks import Verdict
from cje_audit.domain.outcome import CandidateOutcome, DecisionReport, DecisionRule, Outcome
from cje_audit.domain.part import Pair
from cje_audit.domain.report import PolicyReport
from cje_audit.report.comparisons import RANKABLE, headline_reward, pair_of
from cje_audit.report.facts import RunFacts
from cje_audit.report.rule import rule_sentence
from cje_audit.report.standing import standings

ORDER: tuple[Outcome, ...] = ("ship", "undecided", "no_ship", "unhealthy")
SAID: Mapping[Outcome, str] = {
    "ship": "Ship",
    "undecided": "Undecided about",
    "no_ship": "Do not ship",
    "unhealthy": "No decision about",
}


def decide_on(rule: DecisionRule | None, facts: RunFacts, policies: Sequence[PolicyReport]) -> DecisionReport | None:
    """Say what the rule says of each candidate; None where no rule was fixed."""
    if rule is None:
        return None
    known = {p.name: p for p in policies}
    baseline = known[rule.baseline or facts.logging.name]
    candidates = [p for p in policies if _is_candidate(p, baseline, rule)]
    level = 1 - (1 - rule.confidence) / max(len(candidates), 1)
    found = tuple(_outcome(rule, facts, p, baseline, level) for p in candidates)
    return DecisionReport(
        rule=rule.rule,
        baseline=baseline.name,
        margin=rule.margin,
        confidence=rule.confidence,
        outcome=_overall(found),
        sentence=_sentence(rule, baseline.name, found),
        candidates=found,
    )


def _overall(found: Sequence[CandidateOutcome]) -> Outcome:
    """Return the best outcome any candidate reaches; unhealthy where none is healthy, or none is there."""
    reached = {c.outcome for c in found}
    return next((outcome for outcome in ORDER if outcome in reached), ORDER[-1])


def _is_candidate(policy: PolicyReport, baseline: PolicyReport, rule: DecisionRule) -> bool:
    if rule.policy is not None:
        return policy.name == rule.policy
    return policy.role == "target" and policy.name != baseline.name


def _outcome(
    rule: DecisionRule, facts: RunFacts, policy: PolicyReport, baseline: PolicyReport, level: float
) -> CandidateOutcome:
    """Decide on one candidate: its health and the baseline's first, then the whole interval against the margin."""
    ill = _unhealthy(policy, baseline, rule.margin)
    reward = headline_reward(policy)
    if ill or reward is None:
        sentence = f"No decision about {policy.name}: {ill}."
        return CandidateOutcome(
            policy=policy.name, outcome="unhealthy", difference=None, interval=None, level=None, sentence=sentence
        )
    names = (policy.name, baseline.name)
    gap = pair_of(facts, names, standings(facts, dict.fromkeys(names, reward)), level=level).gap
    outcome = _against(gap.interval, rule.margin)
    shown = f"its difference to {baseline.name} is {number(gap.value)} ({percent(level)} interval {span(gap.interval)})"
    return CandidateOutcome(
        policy=policy.name, outcome=outcome, difference=gap.value, interval=gap.interval, level=level,
        sentence=f"{SAID[outcome]} {policy.name}: {shown}, {_why(outcome, rule.margin)}.",
    )  # fmt: skip


def _unhealthy(policy: PolicyReport, baseline: PolicyReport, margin: float) -> str | None:
    """Return why no number may decide: a refusal, another reward, or a level that does not stand."""
    for one in (policy, baseline):
        if one.verdict not in RANKABLE:
            return f"{one.name} may not be given a number, and that outranks any difference"
        if one.verdict is Verdict.RANK_ONLY and margin != 0:
            return f"only the order of {one.name} may stand, which tells nothing about a margin of {number(margin)}"
    if headline_reward(policy) != headline_reward(baseline):
        return f"{policy.name} and {baseline.name} are measured by different rewards"
    return None


def _against(interval: Pair | None, margin: float) -> Outcome:
    if interval is None:
        return "undecided"
    if interval[0] > margin:
        return "ship"
    return "no_ship" if interval[1] <= margin else "undecided"


def _why(outcome: Outcome, margin: float) -> str:
    return {
        "ship": f"wholly above {number(margin)}",
        "no_ship": f"wholly at or below {number(margin)}",
    }.get(outcome, f"which holds {number(margin)}")


def _sentence(rule: DecisionRule, baseline: str, found: Sequence[CandidateOutcome]) -> str:
    """Say the rule as it was fixed, and what it says of each candidate."""
    said = " ".join(c.sentence for c in found) if found else "There is no candidate."
    return f"{rule_sentence(rule, baseline, len(found))} {said}"
