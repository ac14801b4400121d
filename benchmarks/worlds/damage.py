"""What goes wrong between a scorer and a file: log-probs stop belonging to their rows, or to the target."""

import numpy as np

from cje_audit.checks.frame import Floats

Pair = tuple[Floats, Floats]


def swapped(logging: Floats, target: Floats, rng: np.random.Generator) -> Pair:
    """Let the two columns change places."""
    return target, logging


def shuffled(logging: Floats, target: Floats, rng: np.random.Generator) -> Pair:
    """Put the target's values on other rows."""
    return logging, rng.permutation(target)


def averaged(logging: Floats, target: Floats, rng: np.random.Generator) -> Pair:
    """Report the target's sums as means over some 250 tokens."""
    return logging, np.round(target / 250, 6)


def zeros(logging: Floats, target: Floats, rng: np.random.Generator) -> Pair:
    """Answer 0 everywhere, as a server that ignores the request for log-probs does."""
    return np.zeros(len(logging)), np.zeros(len(target))


def fallback(logging: Floats, target: Floats, rng: np.random.Generator) -> Pair:
    """Write a constant in place of a tenth of the target's values, as if they had failed."""
    return logging, np.where(rng.random(len(target)) < 0.1, -50.0, target)
