"""Which policy is probably the best, where the order may stand, and how that was computed."""

from collections.abc import Sequence

import numpy as np

from cje_audit.checks.words import percent
from cje_audit.domain.report import PolicyReport
from cje_audit.numerics.ranking import joint_covariance, probability_best
from cje_audit.report.comparisons import RANKABLE, headline_reward
from cje_audit.report.facts import RunFacts
from cje_audit.report.standing import Standing, standings

HOW = (
    "the share of 200,000 draws from the joint normal distribution of the estimates, whose covariance comes from their "
    "influence values summed by prompt, each error as wide as the policy's own interval; clones do not compete"
)


def probabilities(facts: RunFacts, policies: Sequence[PolicyReport]) -> dict[str, float]:
    """Return how probably each competing policy is the best; nothing where fewer than two may be compared."""
    competing = [p for p in policies if p.verdict in RANKABLE and p.role != "clone"]
    rewards = {headline_reward(p) for p in competing}
    if len(competing) < 2 or len(rewards) > 1:
        return {}
    reward = rewards.pop()
    if reward is None:
        return {}
    known = standings(facts, {p.name: reward for p in competing})
    return dict(zip(known, _best(facts, list(known.values())), strict=True))


def _best(facts: RunFacts, known: Sequence[Standing]) -> list[float]:
    replicates = [s.replicates for s in known if s.replicates is not None]
    covariance = joint_covariance(
        [s.shares for s in known], facts.rows.prompts.alone(), replicates if len(replicates) == len(known) else None
    )
    wider = np.array([s.headline.stretch for s in known])
    covariance = covariance * np.outer(wider, wider)
    return [float(chance) for chance in probability_best(np.array([s.value for s in known]), covariance)]


def with_chances(policies: Sequence[PolicyReport], chances: dict[str, float]) -> tuple[PolicyReport, ...]:
    """Write each policy's chance into its part of the report; None where it does not compete."""
    return tuple(p.model_copy(update={"probability_best": chances.get(p.name)}) for p in policies)


def ranking_sentence(chances: dict[str, float]) -> str | None:
    """Say how probably each policy is the best, the likeliest first; None where nothing is ranked."""
    if not chances:
        return None
    falling = sorted(chances.items(), key=lambda item: -item[1])
    return f"Chance of being best: {', '.join(f'{n} {_chance(p)}' for n, p in falling)} ({HOW})."


def _chance(probability: float) -> str:
    """Write a probability no more exactly than the draws tell it.

    Examples
    --------
    >>> _chance(0.0004), _chance(0.934), _chance(0.9996)
    ('below 1 %', '93 %', 'above 99 %')
    """
    if probability < 0.01:
        return "below 1 %"
    return "above 99 %" if probability > 0.99 else percent(round(probability, 2))
