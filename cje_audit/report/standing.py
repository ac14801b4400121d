"""A policy's headline as comparisons need it: its value, and each prompt's share of its error, gathered once."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cje_audit.checks.frame import Bools, Floats
from cje_audit.numerics.compare import spread_influence
from cje_audit.report.facts import RunFacts
from cje_audit.report.gaps import Headline
from cje_audit.report.samples import sample_of, snips_point


@dataclass(frozen=True, eq=False)
class Standing:
    """A value with its shares summed by prompt and the prompts it rests on, shape (G,) each.

    `replicates`, shape (J,), are the values without each fold of labels; None where the reward is not calibrated.
    """

    value: float
    shares: Floats
    present: Bools
    replicates: Floats | None
    headline: Headline


def standing(facts: RunFacts, policy: str, reward: str) -> Standing:
    """Return how a policy that has a headline stands.

    Raises
    ------
    ValueError
        When the policy has no row with this reward; nothing then is its headline.
    """
    sample = sample_of(facts, policy, reward)
    if sample is None:
        raise ValueError("A policy with a headline has rows.")
    point = snips_point(sample)
    if point.value is None or point.influence is None:
        raise ValueError("SNIPS always has a value.")
    prompts = facts.rows.prompts
    shares = prompts.sums(spread_influence(point.influence, sample.used))
    return Standing(point.value, shares, prompts.holding(sample.used), point.replicates, Headline(sample, point))


def standings(facts: RunFacts, rewards: Mapping[str, str]) -> dict[str, Standing]:
    """Return how each policy stands by its headline's reward."""
    return {name: standing(facts, name, reward) for name, reward in rewards.items()}


def prompts_in_common(a: Standing, b: Standing) -> int:
    """Return how many prompts both rest on."""
    return int(np.count_nonzero(a.present & b.present))
