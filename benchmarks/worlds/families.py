"""Distributions of importance weights with mean 1 whose tilted (target) distribution is known exactly.

A family draws a driver d under the logging policy, maps it to the log ratio (nats), and can place d under the target.
Under the logging policy d is standard normal in every family, so rewards can lean on it in the same way.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from cje_audit.checks.frame import Floats

LARGEST = 8.0
"""Drivers beyond this many deviations do not occur."""


@dataclass(frozen=True)
class LogNormal:
    """Log ratios N(−sd²/2, sd²); tilting by them moves the driver's mean from 0 to sd. `sd` in nats."""

    sd: float

    def log_ratio(self, driver: Floats) -> Floats:
        """Return the log ratio (nats) at each driver."""
        return self.sd * driver - self.sd**2 / 2

    def under_target(self, quantile: Floats) -> Floats:
        """Return the driver at each quantile of its distribution under the target."""
        placed: Floats = ndtri(quantile) + self.sd
        return placed


@dataclass(frozen=True)
class Pareto:
    """Weights c·e^x with x exponential of rate `alpha`: a power tail, variance finite only for alpha > 2.

    Tilting by e^x turns the rate alpha into alpha − 1; c = (alpha − 1)/alpha makes the mean 1.
    """

    alpha: float

    def log_ratio(self, driver: Floats) -> Floats:
        """Return the log ratio (nats) at each driver."""
        excess: Floats = -np.log(ndtr(-driver)) / self.alpha
        return excess + np.log((self.alpha - 1) / self.alpha)

    def under_target(self, quantile: Floats) -> Floats:
        """Return the driver at each quantile of its distribution under the target."""
        survival = np.exp(np.log1p(-quantile) * self.alpha / (self.alpha - 1))
        placed: Floats = np.minimum(-ndtri(survival), LARGEST)
        return placed


@dataclass(frozen=True)
class Moved:
    """Weights of exactly 1 although the target's driver lies `by` deviations higher: it was scored as someone else."""

    by: float

    def log_ratio(self, driver: Floats) -> Floats:
        """Return zeros."""
        return np.zeros(len(driver))

    def under_target(self, quantile: Floats) -> Floats:
        """Return the driver at each quantile of its distribution under the target."""
        placed: Floats = ndtri(quantile) + self.by
        return placed


Family = LogNormal | Pareto | Moved
