"""Worlds whose truth is known: log-normal weights with mean 1, rewards that lean on them, a judge, some labels."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, roots_hermitenorm

from cje_audit.checks.frame import Floats

LEAN = 0.7


@dataclass(frozen=True)
class World:
    """`sd`: spread of the log ratio (nats); `noise`: error of the label around the judge's curve."""

    n: int
    sd: float
    noise: float = 0.1

    def truth(self, reward: str) -> float:
        """Return the target's value by Gauss–Hermite quadrature (tilting a normal by its log ratio moves its mean)."""
        at, weight = roots_hermitenorm(200)
        judged = expit(at + LEAN * self.sd)
        return float(weight @ (judged if reward == "judge" else judged**2) / weight.sum())

    def draw(self, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
        """Return log ratio (nats), judge score and label, float64 (n,) each."""
        z = rng.normal(size=self.n)
        judged = expit(LEAN * z + np.sqrt(1 - LEAN**2) * rng.normal(size=self.n))
        label = judged**2 + rng.normal(0, self.noise, self.n)
        return self.sd * z - self.sd**2 / 2, judged, label
