"""What an experiment would do, in a few lines for people, before anything is asked."""

from collections.abc import Iterator
from pathlib import Path

from cje_audit.domain.experiment import Experiment
from cje_audit.domain.on_failure import effects
from cje_audit.domain.views import CostEstimate
from cje_audit.report.rule import rule_sentence


def summary(experiment: Experiment) -> tuple[str, ...]:
    """Say what an experiment would do: policies, judge, data, pilot, decision rule, and what a failed row does."""
    return tuple(_lines(experiment))


def _lines(experiment: Experiment) -> Iterator[str]:
    targets = ", ".join(p.name for p in experiment.target_policies)
    low, high = experiment.judge.scale
    yield f"Logging policy {experiment.logging_policy.name}; target policies: {targets}."
    yield f"Judge: {experiment.judge.kind}, on the scale {low:g} to {high:g}."
    if experiment.oracle.judge is not None:
        share = f"{100 * experiment.oracle.slice:.3g} %"
        yield f"Trusted labels: a second judge, {experiment.oracle.judge.model}, labels {share} of the prompts."
    yield f"Data: {Path(experiment.data.path).name}."
    if experiment.execution.pilot is not None:
        yield f"This is a pilot: at most {experiment.execution.pilot} of its rows are asked about."
    yield _rule(experiment)
    yield from (f"On failure, {told}" for told in effects(experiment.execution.on_failure_of()))


def _rule(experiment: Experiment) -> str:
    rule = experiment.estimation.decision
    if rule is None:
        return "No decision rule is fixed: the report will say what was found, and not whether to ship."
    baseline = rule.baseline or experiment.logging_policy.name
    several = [p for p in experiment.target_policies if p.role == "target" and p.name != baseline]
    return rule_sentence(rule, baseline, 1 if rule.policy is not None else len(several))


def cost_sentence(found: CostEstimate) -> str:
    """Say what a configuration will ask and cost, or which prices are missing.

    Examples
    --------
    >>> cost_sentence(CostEstimate(n_requests=1200, tokens_in=50_000, tokens_out=9_000, cost=1.25))
    'About 1,200 requests, 50,000 tokens in and 9,000 tokens out: about 1.25 at the prices given, without retries.'
    >>> cost_sentence(CostEstimate(n_requests=1, tokens_in=9, tokens_out=2, cost=None, unpriced=("m",)))
    'About 1 request, 9 tokens in and 2 tokens out. What it costs is not known: there is no price for m.'
    >>> cost_sentence(CostEstimate(n_requests=2, tokens_in=9, tokens_out=2, cost=0.0))
    'About 2 requests, 9 tokens in and 2 tokens out. Nothing is to be paid for them.'
    """
    requests = f"{found.n_requests:,} request{'' if found.n_requests == 1 else 's'}"
    asked = f"About {requests}, {found.tokens_in:,} tokens in and {found.tokens_out:,} tokens out"
    if found.cost is None:
        return f"{asked}. What it costs is not known: there is no price for {', '.join(found.unpriced)}."
    if found.cost == 0:
        return f"{asked}. Nothing is to be paid for them."
    return f"{asked}: about {found.cost:,.2f} at the prices given, without retries."
