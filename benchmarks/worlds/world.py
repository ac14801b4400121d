"""One world: how its rows come about, and what the target policy is worth in it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import expit, ndtr, roots_hermitenorm

from cje_audit.checks.frame import Floats, Ints
from worlds.families import Family

LEAN = 0.7
"""How much the reward leans on what the weights depend on (a correlation)."""

GRID = 20_000
NODES = 60


@dataclass(frozen=True)
class World:
    """What is drawn in one repetition.

    Attributes
    ----------
    n, family
        Rows, and the distribution of their weights.
    noise
        Deviation of the error added to the target's log-probs (nats), mean 0.
    labels, agreement
        How many random rows carry a label; labels are Beta about their mean with this concentration.
    curve
        Mean label at a judge score: the score to this power. 1: the judge is right on average.
    own_bias
        What the target's own kind of answer costs in label at the same judge score (share of the label).
    draws_per_prompt
        Rows per prompt; they share half of the driver's and half of the reward's variance.
    scale
        Ends of the judge's and the labels' scale.
    lost_scores, lost_logprobs
        Mean share of rows that lose the judge's score, or the target's log-prob; lost the likelier, the lower the
        reward.
    unseen
        Share of the target's responses that the logging policy never writes; they are worth `UNSEEN_SCORE`.
    fresh, fresh_labels
        Judged responses of the target's own, and how many of them are labelled.
    role
        `target` or `clone`.
    damage
        What is done to the finished columns (logging log-probs, target log-probs, generator).
    """

    n: int
    family: Family
    noise: float = 0.0
    labels: int = 0
    agreement: float = 8.0
    curve: float = 1.0
    own_bias: float = 0.0
    draws_per_prompt: int = 1
    scale: tuple[float, float] = (0.0, 1.0)
    lost_scores: float = 0.0
    lost_logprobs: float = 0.0
    unseen: float = 0.0
    fresh: int = 0
    fresh_labels: int = 0
    role: str = "target"
    damage: Callable[[Floats, Floats, np.random.Generator], tuple[Floats, Floats]] | None = None

    def scores(self, utility: Floats) -> Floats:
        """Return the judge's score on [0, 1] at each utility."""
        score: Floats = expit(1.2 * utility + 0.3)
        return score

    def mean_label(self, score: Floats, driver: Floats) -> Floats:
        """Return the mean label on [0, 1], given score and driver."""
        mean: Floats = score**self.curve * (1 - self.own_bias * ndtr(driver - 0.5))
        return mean

    def labelled(self, rng: np.random.Generator, score: Floats, driver: Floats) -> Floats:
        """Draw labels on [0, 1]."""
        mean = np.clip(self.mean_label(score, driver), 1e-6, 1 - 1e-6)
        return rng.beta(mean * self.agreement, (1 - mean) * self.agreement)

    def lost(self, rng: np.random.Generator, share: float, utility: Floats) -> Floats:
        """Draw which rows are lost, bool (n,): up to twice as likely as average where the reward is low."""
        gone: Floats = rng.random(len(utility)) < 2 * share * ndtr(-2 * utility)
        return gone

    def on_scale(self, part: Floats) -> Floats:
        """Map [0, 1] to the declared scale, with six decimals."""
        low, high = self.scale
        return np.round(low + (high - low) * part, 6)


UNSEEN_SCORE = 0.95


@dataclass(frozen=True)
class Known:
    """A truth and how far two grids, one twice as fine as the other, differ about it."""

    value: float
    error: float


@cache
def truth(world: World, reward: str) -> Known:
    """Return the target's value by quadrature over driver and utility; `judge`, `oracle` or `calibrated`."""
    fine, coarse = (_quadrature(world, reward, grid) for grid in (GRID, GRID // 2))
    return Known(fine, abs(fine - coarse))


def _quadrature(world: World, reward: str, grid: int) -> float:
    driver = world.family.under_target((np.arange(grid) + 0.5) / grid)
    at, weight = roots_hermitenorm(NODES)
    score = world.scores(LEAN * driver[:, None] + np.sqrt(1 - LEAN**2) * at[None, :])
    value = score if reward == "judge" else world.mean_label(score, driver[:, None])
    seen = float((value @ weight).mean() / weight.sum())
    low, high = world.scale
    return low + (high - low) * ((1 - world.unseen) * seen + world.unseen * UNSEEN_SCORE)


def shared_normals(rng: np.random.Generator, n: int, prompt: Ints | None) -> Floats:
    """Return standard normals; rows of one prompt share half of the variance."""
    own = rng.normal(size=n)
    if prompt is None:
        return own
    return np.sqrt(0.5) * rng.normal(size=int(prompt[-1]) + 1)[prompt] + np.sqrt(0.5) * own


def utility_of(rng: np.random.Generator, driver: Floats, prompt: Ints | None = None) -> Floats:
    """Draw what the judge looks at, standard normal under the logging policy."""
    return LEAN * driver + np.sqrt(1 - LEAN**2) * shared_normals(rng, len(driver), prompt)


def fresh_drivers(rng: np.random.Generator, world: World) -> Floats:
    """Draw drivers of the target's own responses."""
    return world.family.under_target(rng.random(world.fresh))
