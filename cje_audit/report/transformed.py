"""Estimates with transformed weights: clipped, smoothed, projected. Shown beside the headline, never as it."""

from dataclasses import dataclass, replace

import numpy as np

from cje_audit.checks.frame import Bools, Floats
from cje_audit.checks.words import count, number
from cje_audit.domain.report import Estimate
from cje_audit.numerics.arrays import Pair
from cje_audit.numerics.bounds import Missing, ips_bounds, snips_bounds, weighted_bounds
from cje_audit.numerics.clipping import Clipped, clip, clip_around, clip_around_quantile
from cje_audit.numerics.point import Point, infer
from cje_audit.numerics.projection import projected_weights
from cje_audit.numerics.psis import smoothed_log_ratio
from cje_audit.numerics.weights import effective_sample_size
from cje_audit.report.facts import RunFacts
from cje_audit.report.intervals import CLUSTERED_T, t_method
from cje_audit.report.samples import Bound, Sample, estimate, ips_point, kept, snips_point

PROJECTED = (
    "Weights projected on the judge score. They lose what the score does not explain, so the value leans towards the "
    "logging policy's own; never a headline."
)


@dataclass(frozen=True, eq=False)
class Reweighted:
    """Other weights for the `used` rows: the smoothed log ratios (nats) and the projected weights, None if not made.

    Two rewards on the same rows share them, since neither depends on the reward.
    """

    used: Bools
    smoothed: Floats | None
    projected: Floats | None


def reweighted(facts: RunFacts, sample: Sample, before: Reweighted | None = None) -> Reweighted:
    """Smooth and project the weights of a sample; `before` is taken where it is about the same rows."""
    if before is not None and np.array_equal(before.used, sample.used):
        return before
    return Reweighted(sample.used, smoothed_log_ratio(sample.log_ratio), _projected(facts, sample))


def _projected(facts: RunFacts, sample: Sample) -> Floats | None:
    levels = facts.score_levels
    if levels is None or facts.judge is None or not facts.judge.ok[sample.used].all():
        return None
    return projected_weights(sample.log_ratio, levels.of(sample.used), kept(facts.fold, sample.used))


def transformed_estimates(facts: RunFacts, sample: Sample, others: Reweighted) -> list[Estimate]:
    """Return the opt-in and secondary estimates that reweight the same rows."""
    found = [] if facts.log_ratio_clip is None else clipped(facts, sample, facts.log_ratio_clip)
    return [*found, *smoothed(sample, others.smoothed), *projected(sample, others.projected)]


def clip_of(facts: RunFacts, ratio: Floats, limit: float) -> Clipped:
    """Clip as the experiment asks: about 0, or about the 75th percentile of these log ratios (nats)."""
    return clip_around_quantile(ratio, limit) if facts.clip_around_quantile else clip(ratio, limit)


def n_clipped(facts: RunFacts, policy: str) -> int:
    """Return how many of a policy's log ratios the experiment's clip changes; 0 where it asks for none."""
    ratio = facts.log_ratio(policy)[facts.has_weight(policy)]
    if facts.log_ratio_clip is None or not len(ratio):
        return 0
    return clip_of(facts, ratio, facts.log_ratio_clip).n_clipped


def clipped(facts: RunFacts, sample: Sample, limit: float) -> list[Estimate]:
    """Return IPS and SNIPS with log ratios clipped to ± `limit` nats, and how many were."""
    got = clip_of(facts, sample.log_ratio, limit)
    lost = clip_around(sample.missing.log_ratio_of_lost_scores, limit, got.shift).log_ratio
    moved = replace(sample, log_ratio=got.log_ratio, missing=Missing(lost, sample.missing.n_without_logprob))
    about = f" around their 75th percentile ({number(got.shift)} nats)" if facts.clip_around_quantile else ""
    note = (
        f"Log ratios clipped to ± {limit:g} nats{about}: {count(got.n_clipped, sample.n)} rows changed; every other "
        "row keeps its exact weight."
    )
    plain = infer(ips_point(moved), moved.prompts, level=moved.made_at())
    normal = infer(snips_point(moved), moved.prompts, scale=moved.scale, level=moved.made_at())
    return [
        estimate("ips_clipped", moved, plain, CLUSTERED_T, ips_bounds, note=note),
        estimate("snips_clipped", moved, normal, t_method(moved.scale), snips_bounds, note=note),
    ]


def smoothed(sample: Sample, ratio: Floats | None) -> list[Estimate]:
    """Return SNIPS with a Pareto-smoothed tail; nothing where the tail has no measurable shape."""
    if ratio is None:
        return []
    lost = np.minimum(sample.missing.log_ratio_of_lost_scores, ratio.max())
    moved = replace(sample, log_ratio=ratio, missing=Missing(lost, sample.missing.n_without_logprob))
    got = infer(snips_point(moved), moved.prompts, scale=moved.scale, level=moved.made_at())
    note = "The largest weights are replaced by what their fitted Pareto tail leads one to expect; never a headline."
    return [estimate("psis", moved, got, t_method(moved.scale), snips_bounds, note=note)]


def projected(sample: Sample, weight: Floats | None) -> list[Estimate]:
    """Return the estimate with weights projected on the judge score; nothing without scores."""
    if weight is None:
        return []
    total = float(weight.sum())
    value = float(weight @ sample.reward) / total
    influence = weight * (sample.reward - value) / (total / len(weight))
    point = Point(value, influence, sample.replicates(weight / total))
    got = infer(point, sample.prompts, scale=sample.scale, level=sample.made_at())
    rows = total**2 / float(weight @ weight)
    note = f"{PROJECTED} Effective rows {rows:,.0f}, raw {effective_sample_size(sample.log_ratio):,.0f}."
    return [estimate("calibrated_weights", sample, got, t_method(sample.scale), _projected_bounds(weight), note=note)]


def _projected_bounds(weight: Floats) -> Bound:
    """Return bounds in which every lost row gets the kept mean weight: without a score no weight can be projected."""

    def bounds(
        log_ratio: Floats, reward: Floats, missing: Missing, scale: Pair, *, relative: Floats | None = None
    ) -> Pair | None:
        return weighted_bounds(weight, reward, missing.n, scale)

    return bounds
