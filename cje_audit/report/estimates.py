"""Estimates of one policy's value, with error, interval and bounds, for each reward there is."""

from dataclasses import replace

from cje_audit.checks import thresholds
from cje_audit.checks.judge_calibration import labels_suffice
from cje_audit.checks.words import number, percent
from cje_audit.domain.report import Estimate
from cje_audit.numerics.bounds import ips_bounds, snips_bounds
from cje_audit.numerics.point import Inferred, infer
from cje_audit.report.facts import RunFacts
from cje_audit.report.fresh_estimates import fresh_estimates
from cje_audit.report.intervals import CLUSTERED_T, snips_interval, t_method
from cje_audit.report.samples import Sample, estimate, ips_point, line_value, sample_of, snips_point
from cje_audit.report.transformed import Reweighted, reweighted, transformed_estimates

REWARDS = ("judge", "calibrated", "oracle")


def primary_reward(facts: RunFacts, policy: str, *, judge_failed: bool = False) -> str:
    """Return the reward of the headline: calibrated where the labels suffice, oracle labels where there are a hundred.

    Otherwise the judge; a reward the experiment names goes first. Where the judge itself failed a check, nothing built
    on it is preferred to labels.
    """
    if facts.wanted_reward is not None and sample_of(facts, policy, facts.wanted_reward) is not None:
        return facts.wanted_reward
    if not judge_failed and facts.calibrated is not None and labels_suffice(facts.calibrated.calibration):
        return "calibrated"
    labelled = sample_of(facts, policy, "oracle")
    return "oracle" if labelled is not None and labelled.n >= thresholds.LABELS_PRIMARY else "judge"


def estimates_of(facts: RunFacts, policy: str, *, headline: str | None) -> tuple[Estimate, ...]:
    """Return all estimates of a policy; `headline` names the reward whose SNIPS (or plain mean) is primary, if any."""
    found: list[Estimate] = []
    others: Reweighted | None = None
    for reward in REWARDS:
        sample = sample_of(facts, policy, reward)
        if sample is None:
            continue
        if policy == facts.logging.name:
            found.append(_plain_mean(sample, primary=headline == reward))
        else:
            found += [_ips(sample), _snips(sample, primary=headline == reward)]
            others = reweighted(facts, sample, others)
            found += transformed_estimates(facts, sample, others)
    return wanted(facts, [*found, *fresh_estimates(facts, policy)])


def wanted(facts: RunFacts, found: list[Estimate]) -> tuple[Estimate, ...]:
    """Keep the estimators the experiment names (`auto`: all that can be made), and always the headline."""
    if "auto" in facts.estimators:
        return tuple(found)
    return tuple(e for e in found if e.primary or e.estimator in facts.estimators)


def _ips(sample: Sample) -> Estimate:
    got = infer(ips_point(sample), sample.prompts, level=sample.made_at())
    note = "Not clipped to the scale: IPS leaves it whenever the mean weight is not 1."
    return estimate("ips", sample, got, CLUSTERED_T, ips_bounds, note=note)


def _snips(sample: Sample, *, primary: bool) -> Estimate:
    point = snips_point(sample)
    level = sample.made_at()
    got = infer(point, sample.prompts, scale=sample.scale, level=level)
    interval = snips_interval(point, got, sample.log_ratio, sample.reward, sample.cluster, sample.scale, level=level)
    got = replace(got, interval=interval.ends)
    note = _note(sample, got, interval.note)
    found = estimate("snips", sample, got, interval.method, snips_bounds, primary=primary, note=note)
    return found.model_copy(update={"interval_reason": _reason(interval.reason, sample.whole)})


def _note(sample: Sample, got: Inferred, note: str | None) -> str | None:
    """Add how far the answer moves when a straight line takes the place of the calibration's curve."""
    line = line_value(sample)
    if line is None or got.value is None or got.standard_error is None:
        return note
    far = abs(line - got.value) > got.standard_error
    said = f"With a straight line in place of the calibration curve: {number(line)}"
    said += ", more than a standard error away: the answer depends on the curve's form." if far else "."
    return said if note is None else f"{note} {said}"


def _plain_mean(sample: Sample, *, primary: bool) -> Estimate:
    got = infer(snips_point(sample), sample.prompts, scale=sample.scale, level=sample.made_at())
    note = "The plain mean of the logged rows: every weight is 1."
    found = estimate("ips", sample, got, t_method(sample.scale), snips_bounds, primary=primary, note=note)
    reason = None if got.interval is None else "Student t: every weight is 1."
    return found.model_copy(update={"interval_reason": _reason(reason, sample.whole)})


def _reason(reason: str | None, whole: float) -> str | None:
    """Add that the interval holds at every look, where rows are to come."""
    if reason is None or whole >= 1:
        return reason
    return (
        f"{reason} {percent(whole)} of the planned rows are in, so it is widened to hold at every look until all are."
    )
