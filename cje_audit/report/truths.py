"""What fresh draws say a policy is worth, and how far its estimate is from that."""

import math

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.frame import Floats
from cje_audit.checks.words import number
from cje_audit.domain.report import Estimate, Truth
from cje_audit.numerics.mean import plain_mean
from cje_audit.report.facts import FreshDraws

WEIGHTED = ("snips", "ips")


def truths_of(draws: FreshDraws | None, estimates: tuple[Estimate, ...]) -> tuple[Truth, ...]:
    """Return one truth per reward that was drawn, each held against the estimate of its own reward."""
    if draws is None:
        return ()
    columns = [("judge", draws.judge), ("oracle", draws.oracle)]
    if any(e.reward == "calibrated" for e in estimates):
        columns.insert(1, ("calibrated", draws.oracle))
    found = (_truth(reward, values, draws, estimates) for reward, values in columns)
    return tuple(truth for truth in found if truth is not None)


def _truth(reward: str, values: Floats, draws: FreshDraws, estimates: tuple[Estimate, ...]) -> Truth | None:
    known = ~np.isnan(values)
    if not known.any():
        return None
    got = plain_mean(values[known], draws.cluster[known])
    if got.value is None:
        return None
    truth = Truth(reward=reward, value=got.value, standard_error=got.standard_error, n=got.n, source=draws.source)
    held = headline_estimate(estimates, reward)
    return truth if held is None else _compared(truth, held)


def headline_estimate(estimates: tuple[Estimate, ...], reward: str) -> Estimate | None:
    """Return the estimate of a reward that a reader looks at first: SNIPS, or the logging policy's plain mean."""
    of_reward = [e for e in estimates if e.reward == reward and e.estimator in WEIGHTED]
    return next((e for e in of_reward if e.estimator == "snips"), of_reward[0] if of_reward else None)


def _compared(truth: Truth, estimate: Estimate) -> Truth:
    if estimate.value is None:
        return truth
    difference = estimate.value - truth.value
    if estimate.standard_error is None or truth.standard_error is None:
        return truth.model_copy(update={"difference": difference})
    combined = math.hypot(estimate.standard_error, truth.standard_error)
    agrees = abs(difference) <= thresholds.AGREES * combined
    held = truth.model_copy(update={"difference": difference, "combined_standard_error": combined, "agrees": agrees})
    return held.model_copy(update={"sentence": _sentence(held, difference, combined)})


def _sentence(truth: Truth, difference: float, combined: float) -> str:
    """Say what is known, and whether the estimate agrees with it."""
    known = f"Truth {number(truth.value)} (standard error {number(truth.standard_error)}, {truth.n:,} {truth.source})"
    apart = f"{number(abs(difference))} {'above' if difference > 0 else 'below'} it" if difference else "exactly there"
    told = f"{known}: the estimate lies {apart}"
    if combined:
        told += f", {number(abs(difference) / combined)} combined standard errors"
    limit = number(thresholds.AGREES)
    return f"{told}; it {'agrees' if truth.agrees else 'misses'} (up to {limit} is chance)."
