"""The one sentence per policy, and the one about the run. They are printed byte for byte everywhere."""

from collections.abc import Sequence

from cje_audit.checks import thresholds
from cje_audit.checks.verdicts import OVERLAP_STAGE, TRANSPORT, Decision
from cje_audit.checks.words import count, number, percent, span
from cje_audit.domain.checks import Check, CheckStatus, Verdict
from cje_audit.domain.report import Comparison, Estimate, PolicyReport
from cje_audit.report.comparisons import SIGNIFICANT
from cje_audit.report.facts import RunFacts

ORDER_ONLY, NO_NUMBER = (Verdict.RANK_ONLY,), (Verdict.REFUSE, Verdict.NOT_EVALUATED)
MEASURES = {
    "judge": "average judge score, not quality",
    "calibrated": "average oracle label, predicted from the judge score",
    "oracle": "average oracle label",
}


def policy_sentence(
    name: str,
    decision: Decision,
    headline: Estimate | None,
    n_total: int,
    n_without_logprob: int,
    heavy_rows: int | None,
) -> str:
    """Say in one sentence what may be said about a policy."""
    if decision.verdict is Verdict.NOT_EVALUATED:
        why = " ".join(c.sentence for c in decision.because[:2])
        return f"Nothing was computed for {name}: {_lower(why) or 'no row has both log-probs and a score.'}"
    if decision.verdict is Verdict.REFUSE:
        return f"No number for {name}: {refusal(decision.because, heavy_rows, n_total)}"
    if decision.verdict is Verdict.RANK_ONLY or headline is None:
        return f"Only the order of {name} may stand, not its level: {_lower(decision.because[0].sentence)}"
    return estimate_sentence(name, headline, n_total, n_without_logprob)


def estimate_sentence(name: str, headline: Estimate, n_total: int, n_without_logprob: int) -> str:
    """Say the estimate with its interval, its denominators, and the bounds where rows are missing."""
    said = (
        f"{name}: {number(headline.value)} (95 % interval {span(headline.interval)}; {MEASURES[headline.reward]}), "
        f"from {count(headline.n_used, n_total)} rows."
    )
    bounds = headline.missing_bounds
    if bounds is None or bounds[0] == bounds[1]:
        return said
    assumed = ", if failed rows weigh like the others" if n_without_logprob else ""
    said += f" If all missing rows were worst or best cases, it would lie within {span(bounds)}{assumed}."
    if n_without_logprob > thresholds.BOUNDS_WHOLE_SCALE * n_total:
        said += f" {percent(n_without_logprob / n_total)} of the rows have no log-prob:"
        said += " without that assumption, the bound is the whole scale."
    return said


def untested(checks: Sequence[Check], policy: str, n_labelled: int) -> str:
    """Say that nobody knows yet whether scores predict labels on a policy's own responses; empty where it is decided.

    `n_labelled` counts its own responses with a score and a label.
    """
    found = next((c for c in checks if c.id == TRANSPORT and c.policy == policy), None)
    if found is None or found.status is not CheckStatus.NOT_EVALUATED:
        return ""
    if not n_labelled:
        return f" Whether scores predict labels as well on what {policy} writes is untested: none of it is labelled."
    few = f"only {n_labelled:,} of its responses are labelled"
    return f" Whether scores predict labels as well on what {policy} writes is not settled: {few}."


def refusal(because: Sequence[Check], heavy_rows: int | None, n_total: int) -> str:
    """Say why there is no number: a fault of the data first, thin overlap otherwise."""
    faults = [c for c in because if c.stage != OVERLAP_STAGE]
    if faults:
        return _lower(faults[0].sentence)
    if heavy_rows is None:
        return _lower(because[0].sentence)
    rows = "1 row carries" if heavy_rows == 1 else f"{heavy_rows:,} rows carry"
    return f"it writes text the logs hardly contain ({rows} half of its weight, of {n_total:,})."


def _lower(sentence: str) -> str:
    """Start a clause in lower case where it starts with a common word."""
    if not sentence:
        return sentence
    first = sentence.split(" ", 1)[0]
    common = ("The", "No", "All", "Every", "Estimation", "Scores", "Responses", "Nothing", "Only")
    return sentence[0].lower() + sentence[1:] if first in common else sentence


def summary_sentence(
    facts: RunFacts,
    policies: Sequence[PolicyReport],
    comparisons: Sequence[Comparison],
    best: str | None,
    blocked: Sequence[Check],
) -> str:
    """Say the run in one or two sentences."""
    if blocked:
        return f"Nothing was estimated: {_lower(blocked[0].sentence)}"
    targets = [p for p in policies if p.role != "logging"]
    parts = [
        f"{count(len(names), len(targets))} target policies {said}: {', '.join(names)}"
        for verdict, said in (
            (Verdict.REPORT, "can be reported"),
            (Verdict.RANK_ONLY, "can only be ranked"),
            (Verdict.REFUSE, "refused"),
            (Verdict.NOT_EVALUATED, "not evaluated"),
        )
        if (names := [p.name for p in targets if p.verdict is verdict])
    ]
    return f"{'; '.join(parts)}. {_lead(facts, policies, comparisons, best)}"


def numbers_sentence(policies: Sequence[PolicyReport]) -> str:
    """Say of how many policies a number may be quoted, and of which not."""
    quoted = [p.name for p in policies if p.verdict is Verdict.REPORT]
    told = [f"{count(len(quoted), len(policies))} policies may be quoted with a number."]
    for said, verdicts in (("Order only", ORDER_ONLY), ("No number", NO_NUMBER)):
        names = [p.name for p in policies if p.verdict in verdicts]
        told += [f"{said}: {', '.join(names)}."] if names else []
    return " ".join(told)


def pairs_sentence(comparisons: Sequence[Comparison]) -> str | None:
    """Say how many pairs may be compared, and how many of them differ; None where there is no pair."""
    if not comparisons:
        return None
    comparable = [c for c in comparisons if c.comparable]
    told = f"{count(len(comparable), len(comparisons))} pairs of policies may be compared"
    if not comparable:
        return f"{told}."
    clear = sum(c.p_adjusted is not None and c.p_adjusted < SIGNIFICANT for c in comparable)
    said = {0: "none of these differs", 1: "1 of these differs"}.get(clear, f"{clear:,} of these differ")
    return f"{told}; {said} beyond chance (Holm over all pairs)."


def _lead(
    facts: RunFacts, policies: Sequence[PolicyReport], comparisons: Sequence[Comparison], best: str | None
) -> str:
    comparable = [c for c in comparisons if c.comparable]
    if not comparable:
        return "Nothing may be ranked."
    if best is None:
        return f"No policy is ahead of {facts.logging.name} and all others beyond chance."
    lead = [c for c in comparable if best in (c.a, c.b)]
    return f"{best} is ahead of every policy it may be compared with: {lead[0].sentence}"
