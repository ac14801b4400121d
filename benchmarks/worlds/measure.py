"""Repeat a world, let the engine report on it each time, and sum up how its answers lie to the truth."""

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np

from cje_audit.domain.checks import Verdict
from cje_audit.domain.report import Estimate, PolicyReport
from cje_audit.report.assemble import run_checks
from cje_audit.report.policies import policy_report
from worlds.cells import Cell
from worlds.facts import TARGET, drawn
from worlds.world import World, truth

NORMAL = 1.959963984540054
FEWEST = 20
Number = float | None


def reported(world: World, rng: np.random.Generator) -> PolicyReport:
    """Draw a run, put every check to it, and return what the report says about the target policy."""
    facts = drawn(world, rng)
    return policy_report(facts, run_checks(facts), TARGET, has_twin=False)


@dataclass
class Answers:
    """The numbers one estimator gave for one reward: float64 lists, NaN where it gave none."""

    value: list[float] = field(default_factory=list)
    error: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    wide_low: list[float] = field(default_factory=list)
    wide_high: list[float] = field(default_factory=list)

    def add(self, got: Estimate) -> None:
        """Add one estimate. `wide` is the interval moved out by what the missing rows could change."""
        value, interval, bounds = got.value, got.interval, got.missing_bounds
        self.value.append(np.nan if value is None else value)
        self.error.append(np.nan if got.standard_error is None else got.standard_error)
        low, high = (np.nan, np.nan) if interval is None else interval
        self.low.append(low)
        self.high.append(high)
        below = np.nan if bounds is None or value is None else value - bounds[0]
        above = np.nan if bounds is None or value is None else bounds[1] - value
        self.wide_low.append(low - below)
        self.wide_high.append(high + above)

    def against(self, truth: float) -> dict[str, Any]:
        """Sum up: coverage of the interval, width against a normal one, bias and mean error against the spread."""
        value, error = np.array(self.value), np.array(self.error)
        low, high = np.array(self.low), np.array(self.high)
        with np.errstate(over="ignore"):  # IPS of broken columns reaches e^300
            spread = float(np.std(value, ddof=1)) if len(value) > 1 else 0.0
        found: dict[str, Any] = {
            "n": len(value),
            "coverage": _share((low <= truth) & (truth <= high)),
            "widened_coverage": _share((np.array(self.wide_low) <= truth) & (truth <= np.array(self.wide_high))),
            "bias": float(np.mean(value)) - truth if len(value) else None,
            "spread": spread,
        }
        if 0 < spread < np.inf:
            found["width_ratio"] = float(np.mean(high - low)) / (2 * NORMAL * spread)
            found["bias_in_errors"] = abs(found["bias"]) / spread
            found["error_ratio"] = float(np.mean(error)) / spread
        return found


def _share(hits: np.ndarray) -> Number:
    return float(np.mean(hits)) if len(hits) else None


@dataclass
class Tally:
    """What the engine said over the repetitions of a cell."""

    verdicts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)
    rewards: Counter[str] = field(default_factory=Counter)
    headline: Answers = field(default_factory=Answers)
    others: dict[tuple[str, str], Answers] = field(default_factory=dict)
    primary: Counter[str] = field(default_factory=Counter)

    @property
    def n(self) -> int:
        """How many repetitions there were."""
        return self.verdicts.total()

    def add(self, got: PolicyReport) -> None:
        """Add the report of one repetition."""
        self.verdicts[str(got.verdict)] += 1
        self.reasons.update(got.reasons)
        for estimate in got.estimates:
            key = (estimate.estimator, estimate.reward)
            self.others.setdefault(key, Answers()).add(estimate)
            if estimate.primary:
                self.primary[estimate.estimator] += 1
                self.rewards[estimate.reward] += 1
                self.methods[str(estimate.interval_method)] += 1
                self.headline.add(estimate)


def measure(cell: Cell, repetitions: int | None, *, seconds: float | None = None) -> dict[str, Any]:
    """Run a cell and return what is printed of it; the draws depend on the cell's name alone.

    So many repetitions, or as many as the seconds allow, at least `FEWEST`.
    """
    rng = np.random.default_rng(crc32(cell.name.encode()))
    tally, start = Tally(), time.perf_counter()
    while tally.n < (repetitions or FEWEST) or (seconds is not None and time.perf_counter() - start < seconds):
        tally.add(reported(cell.world, rng))
    repetitions = tally.n
    known = truth(cell.world, cell.reward)
    refused = tally.verdicts[Verdict.REFUSE] + tally.verdicts[Verdict.NOT_EVALUATED]
    found = {
        "cell": cell.name,
        "label": cell.label,
        "repetitions": repetitions,
        "truth": known.value,
        "truth_error": known.error,
        "reported": tally.verdicts[Verdict.REPORT] / repetitions,
        "rank_only": tally.verdicts[Verdict.RANK_ONLY] / repetitions,
        "refused": refused / repetitions,
        "reasons": dict(tally.reasons.most_common(6)),
        "methods": dict(tally.methods),
        "rewards": dict(tally.rewards),
        "primary": dict(tally.primary),
        "headline": tally.headline.against(known.value),
        "estimators": {
            f"{name} {reward}": answers.against(truth(cell.world, reward).value)
            for (name, reward), answers in sorted(tally.others.items())
        },
    }  # fmt: skip
    headline = found["headline"]
    covered = 0.0 if headline["coverage"] is None else headline["coverage"] * headline["n"] / repetitions
    found["covered_of_all"], found["missed_of_all"] = covered, headline["n"] / repetitions - covered
    return found
