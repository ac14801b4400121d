"""What would make a policy reportable: how many fresh responses, for which interval, at what price."""

import math

import numpy as np

from cje_audit.checks.frame import Floats
from cje_audit.checks.verdicts import OVERLAP_STAGE, Decision
from cje_audit.checks.words import number
from cje_audit.domain.checks import Verdict
from cje_audit.domain.outcome import Plan
from cje_audit.numerics.arrays import Pair
from cje_audit.numerics.inference import t_quantile
from cje_audit.numerics.planning import draws_for
from cje_audit.report.facts import RunFacts, UnitCost

HALF_WIDTH = 0.02
ROUND_TO = 50
ENOUGH = 10
UNKNOWN = UnitCost(None, "an import names no model that could be asked")


def plan_of(facts: RunFacts, policy: str, decision: Decision) -> Plan | None:
    """Return the fresh-draw way out for a target policy whose number does not stand; None where it does."""
    if policy == facts.logging.name or decision.verdict is Verdict.REPORT:
        return None
    present = judged_draws(facts, policy)
    spread = spread_of(present, facts)
    return fresh_plan(policy, spread, facts.scale, present, facts.unit_costs.get(policy))


def judged_draws(facts: RunFacts, policy: str) -> Floats:
    """Return the judge scores of a policy's own fresh responses, without the missing ones."""
    draws = facts.fresh_draws.get(policy)
    known: Floats = np.zeros(0) if draws is None else draws.judge[~np.isnan(draws.judge)]
    return known


def spread_of(present: Floats, facts: RunFacts) -> float | None:
    """Return the standard deviation of one judged response: of the policy's own, else of the logged ones."""
    if len(present) >= ENOUGH:
        return float(present.std(ddof=1))
    judge = facts.judge
    return float(judge.values[judge.ok].std(ddof=1)) if judge is not None and judge.n_ok > 1 else None


def fresh_plan(policy: str, spread: float | None, scale: Pair, present: Floats, price: UnitCost | None) -> Plan:
    """Plan fresh responses for a mean ± 2 % of the scale (95 %), rounded up to fifties.

    Without a `spread`, half of the scale is assumed: no bounded score can vary more.

    Examples
    --------
    >>> plan = fresh_plan("B", 0.13, (0.0, 1.0), np.zeros(0), UnitCost(0.006, None))
    >>> plan.n, round(plan.cost, 12), plan.sentence[:65]
    (200, 1.2, 'Next: 200 fresh responses of B, judged, would give an interval of')
    """
    width = scale[1] - scale[0]
    half, sd = HALF_WIDTH * width, width / 2 if spread is None else spread
    missing = fresh_responses(sd, half) - len(present)
    if missing <= 0:
        reached = t_quantile(len(present)) * sd / math.sqrt(len(present))
        return Plan(
            n=0, n_present=len(present), half_width=reached, cost=None, no_cost="nothing more is needed",
            sentence=_already(policy, len(present), reached),
        )  # fmt: skip
    unit = UNKNOWN if price is None else price
    cost = None if unit.cost is None else unit.cost * missing
    return Plan(
        n=missing, n_present=len(present), half_width=half, cost=cost, no_cost=unit.why_not,
        sentence=_needed(policy, missing, len(present), half, cost),
    )  # fmt: skip


def fresh_responses(spread: float, half_width: float) -> int:
    """Return how many fresh responses give a mean ± `half_width` (95 %), rounded up to fifties.

    Examples
    --------
    >>> fresh_responses(0.13, 0.02)
    200
    """
    return ROUND_TO * math.ceil(draws_for(spread, half_width) / ROUND_TO)


def _needed(policy: str, missing: int, present: int, half: float, cost: float | None) -> str:
    more = f"{missing:,} more fresh responses" if present else f"{missing:,} fresh responses"
    paid = "" if cost is None else f", for about {cost:,.2f} in the price table's currency"
    return f"Next: {more} of {policy}, judged, would give an interval of ± {number(half)}{paid}."


def _already(policy: str, present: int, half: float) -> str:
    return (
        f"Next: the {present:,} fresh responses of {policy} that are here already give its average judge score "
        f"± {number(half)} without any weight; a signed reveal shows it."
    )


def next_step(decision: Decision, plan: Plan | None) -> str | None:
    """Say what to do next, with its size; None where the estimate stands."""
    if decision.verdict is Verdict.REPORT:
        return None
    faults = [c.what_to_do for c in decision.because if c.stage != OVERLAP_STAGE and c.what_to_do]
    if faults:
        return faults[0]
    if decision.verdict is Verdict.NOT_EVALUATED:
        told = [c.what_to_do for c in decision.because if c.what_to_do]
        return told[0] if told else "Score and judge the same rows, then estimate again."
    return plan.sentence if plan is not None else "Log and judge more responses of this policy."
