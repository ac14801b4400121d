"""Checks that the weights themselves must pass: ties, mean 1, sign, and the noise floor of the clone."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.build import examples, none_evaluated, not_evaluated
from cje_audit.checks.frame import Bools, Column, Floats, PolicyFacts, Rows
from cje_audit.checks.words import count, number, percent, span
from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.numerics.arrays import Pair
from cje_audit.numerics.inference import clustered_standard_error, t_interval
from cje_audit.numerics.prompts import Prompts
from cje_audit.numerics.weights import WeightSummary, log_ratio, relative_weights, summarise

WEIGHT_CHECKS = (
    "target_policy.uniform_weights",
    "target_policy.mean_weight",
    "target_policy.log_ratio_sign",
    "target_policy.clone_noise",
)


@dataclass(frozen=True, eq=False)
class Pairing:
    """A target's and the logging policy's log-probs on the rows that have both.

    `both`, bool (n,), marks them; `ratio` are their log ratios (nats), `prompts` their prompts.
    """

    rows: Rows
    policy: PolicyFacts
    logging: Column
    target: Column
    both: Bools
    ratio: Floats
    prompts: Prompts

    @cached_property
    def relative(self) -> Floats:
        """The weights divided by the largest one, computed once."""
        return relative_weights(self.ratio)

    @cached_property
    def summary(self) -> WeightSummary | None:
        """What there is to know of the raw weights, computed once; None where no row has both."""
        return summarise(self.ratio, self.prompts, relative=self.relative) if len(self.ratio) else None

    @property
    def name(self) -> str:
        """The policy's name."""
        return self.policy.name

    def rows_where(self, mask: Bools) -> Bools:
        """Lay a mask over the paired rows back over all rows."""
        laid = np.zeros(self.rows.n, dtype=bool)
        laid[np.flatnonzero(self.both)[mask]] = True
        return laid


def pair(rows: Rows, policy: PolicyFacts, logging: Column, target: Column) -> Pairing:
    """Pair two columns."""
    ratios = log_ratio(target.values, logging.values)
    both = ~np.isnan(ratios)
    if both.all():
        return Pairing(rows, policy, logging, target, both, ratios, rows.prompts)
    prompts = rows.prompts.of(both, rows.cluster[both])
    return Pairing(rows, policy, logging, target, both, ratios[both], prompts)


def check_weights(paired: Pairing) -> list[Check]:
    """Return `uniform_weights`, `mean_weight`, `log_ratio_sign` and `clone_noise` of one target policy."""
    uniform = uniform_weights(paired)
    if paired.summary is None:
        return [uniform, *none_evaluated(WEIGHT_CHECKS[1:], "no row has both log-probs", paired.name)]
    return [uniform, mean_weight(paired, paired.summary), log_ratio_sign(paired), clone_noise(paired, paired.summary)]


def uniform_weights(paired: Pairing) -> Check:
    """Ask whether 90 % of the weights are exactly tied: zeros on both sides, a clone, or a policy scored wrongly."""
    check = "target_policy.uniform_weights"
    zeros = (paired.target.reported == 0) & (paired.logging.reported == 0)
    reported = int(np.count_nonzero(~np.isnan(paired.target.reported) & ~np.isnan(paired.logging.reported)))
    if reported >= thresholds.TIED_ROWS and np.count_nonzero(zeros) >= thresholds.TIED * reported:
        return _both_zero(paired, zeros, reported)
    informative = paired.logging.values[paired.both] < -thresholds.CERTAIN
    considered = informative if np.count_nonzero(informative) >= thresholds.TIED_ROWS else np.ones_like(informative)
    if np.count_nonzero(considered) < thresholds.TIED_ROWS:
        why = f"only {count(int(paired.both.sum()), paired.rows.n)} rows have both log-probs"
        return not_evaluated(check, why, paired.name)
    constant, tied = most_frequent(paired.ratio, considered)
    n_tied, n = int(np.count_nonzero(tied)), len(tied)
    is_uniform = int(np.count_nonzero(tied & considered)) >= thresholds.TIED * int(np.count_nonzero(considered))
    expected = paired.policy.role == "clone" and abs(constant) <= thresholds.TIED_NATS
    failed = is_uniform and not expected
    return Check(
        id=check,
        policy=paired.name,
        status=CheckStatus.FAIL if failed else CheckStatus.PASS,
        value=n_tied / n,
        threshold=thresholds.TIED,
        n_affected=n_tied if failed else 0,
        sentence=_uniform_sentence(paired, constant, n_tied, n, is_uniform),
        what_to_do="Check model, revision, template and system prompt of this policy, then score it again."
        if failed
        else None,
        example_ids=examples(paired.rows, paired.rows_where(tied)) if failed else (),
    )


def most_frequent(ratio: Floats, considered: Bools) -> tuple[float, Bools]:
    """Return the log ratio that most of the considered rows share (within 1e-6 nats), and all rows that share it."""
    steps = np.round(ratio[considered] / thresholds.TIED_NATS)
    values, counts = np.unique(steps, return_counts=True)
    constant = float(values[np.argmax(counts)]) * thresholds.TIED_NATS
    tied: Bools = np.abs(ratio - constant) <= thresholds.TIED_NATS
    return constant, tied


def _both_zero(paired: Pairing, zeros: Bools, reported: int) -> Check:
    n_zero = int(zeros.sum())
    return Check(
        id="target_policy.uniform_weights",
        policy=paired.name,
        status=CheckStatus.FAIL,
        value=n_zero / reported,
        threshold=thresholds.TIED,
        n_affected=n_zero,
        sentence=f"The server returned 0.0 under both policies for {count(n_zero, paired.rows.n)} rows. "
        "It ignored the request for prompt log-probs. Nothing was estimated from them.",
        what_to_do="Use an endpoint that returns the log-probs of given text, and score both policies again.",
        example_ids=examples(paired.rows, zeros),
    )


def _uniform_sentence(paired: Pairing, constant: float, n_tied: int, n: int, is_uniform: bool) -> str:
    name, tied = paired.name, count(n_tied, n)
    if not is_uniform:
        return f"{tied} weights of {name} are exactly tied."
    if abs(constant) > thresholds.TIED_NATS:
        return (
            f"{tied} log ratios of {name} are exactly {number(constant)}: "
            "its log-probs are the logging policy's, moved by a constant."
        )
    if paired.policy.role == "clone":
        return f"{tied} weights of {name} are exactly 1, as expected: it is a clone of the logging policy."
    every = "Every weight" if n_tied == n else f"{tied} weights"
    verb = "is" if n_tied == n else "are"
    return (
        f"{every} for {name} {verb} exactly 1. {name} was probably scored with the logging policy's settings. "
        "Check model and system prompt."
    )


def mean_weight(paired: Pairing, summary: WeightSummary) -> Check:
    """Ask whether the mean raw weight is 1, as it must be; judged only where the tail allows an interval."""
    interval = summary.mean.interval()
    shown = (
        f"The mean raw weight of {paired.name} is {number(summary.mean.value)} "
        f"(95 % interval {span(interval)}, {count(summary.n, paired.rows.n)} rows); it must be 1"
    )
    silent = _no_mean(summary, interval)
    warn = _outside(summary.mean.interval(thresholds.MEAN_WARN_LEVEL))
    if silent is None and warn and summary.mean.log_value < 0 and _thin(summary):
        silent = "a mean below 1 is expected where few rows overlap: the heavy rows are those that were not drawn"
    if silent is not None:
        return Check(
            id="target_policy.mean_weight",
            policy=paired.name,
            status=CheckStatus.NOT_EVALUATED,
            value=summary.mean.value,
            threshold=thresholds.MEAN_HIGH,
            sentence=f"{shown}, but this is not judged: {silent}.",
        )
    fail = _outside(summary.mean.interval(thresholds.MEAN_FAIL_LEVEL))
    status = CheckStatus.FAIL if fail else CheckStatus.WARN if warn else CheckStatus.PASS
    return Check(
        id="target_policy.mean_weight",
        policy=paired.name,
        status=status,
        value=summary.mean.value,
        threshold=thresholds.MEAN_LOW if summary.mean.log_value < 0 else thresholds.MEAN_HIGH,
        n_affected=summary.n if warn else 0,
        sentence=shown
        + (", and no such deviation is due to chance." if warn else ", and nothing speaks against that."),
        what_to_do="Score both policies with one scorer, template and text; the two columns do not belong together."
        if warn
        else None,
    )


def _no_mean(summary: WeightSummary, interval: Pair | None) -> str | None:
    """Return why the mean weight cannot be judged, or None."""
    tail = summary.tail
    if tail.pareto_khat is None:
        return f"the tail has no measurable shape ({tail.reason})"
    if tail.pareto_khat >= thresholds.MEAN_KHAT:
        return f"the tail is so heavy (k̂ = {number(tail.pareto_khat)}) that the interval means nothing"
    if interval is None:
        return "there is no interval"
    if interval[1] - interval[0] > 2 * thresholds.MEAN_USELESS and not _outside(interval):
        return "the interval is too wide to tell"
    return None


def _thin(summary: WeightSummary) -> bool:
    """Say whether a mean below 1 may be due to heavy rows that were not drawn.

    Beside plain thin overlap: log-normal weights of this spread s have a mean with the error √((e^{s²} − 1)/n), which
    the sample itself understates; the deviation must exceed it too.
    """
    if summary.log_ratio.sd is None:
        return True
    unseen = math.sqrt(math.expm1(min(summary.log_ratio.sd, 20.0) ** 2) / summary.n)
    if thresholds.MEAN_LOW - math.exp(summary.mean.log_value) < thresholds.MEAN_UNSEEN * unseen:
        return True
    return summary.ess_fraction < thresholds.ESS_WARN_FRACTION or summary.sqrt_overlap < thresholds.MEAN_THIN_OVERLAP


def _outside(interval: Pair | None) -> bool:
    """Say whether an interval lies wholly outside what is practically 1."""
    return interval is not None and (interval[1] < thresholds.MEAN_LOW or interval[0] > thresholds.MEAN_HIGH)


def log_ratio_sign(paired: Pairing) -> Check:
    """Ask whether the mean log ratio is at most 0 (Jensen); catches swapped policies and wrong units."""
    check = "target_policy.log_ratio_sign"
    groups, mean = paired.prompts.groups, float(paired.ratio.mean())
    error = clustered_standard_error(paired.ratio - mean, paired.prompts)
    if groups < thresholds.TIED_ROWS or error is None:
        return not_evaluated(check, f"only {groups} prompts have both log-probs", paired.name)
    # two-sided 98 % and 99.8 % intervals have one-sided 99 % and 99.9 % lower ends
    low99, low999 = (t_interval(mean, error, groups, level=level) for level in (0.98, 0.998))
    fail = mean > thresholds.SIGN_FAIL and low999 is not None and low999[0] > thresholds.SIGN_MARGIN
    warn = mean > thresholds.SIGN_WARN and low99 is not None and low99[0] > thresholds.SIGN_MARGIN
    status = CheckStatus.FAIL if fail else CheckStatus.WARN if warn else CheckStatus.PASS
    said = (
        f"The mean log ratio of {paired.name} is {number(mean)} nats on {count(len(paired.ratio), paired.rows.n)} rows"
    )
    return Check(
        id=check,
        policy=paired.name,
        status=status,
        value=mean,
        threshold=thresholds.SIGN_FAIL,
        n_affected=len(paired.ratio) if warn or fail else 0,
        sentence=said
        + (
            ", but on logged responses it cannot be above 0."
            if warn or fail
            else ", at most 0 as it must be but for chance."
        ),
        what_to_do="Check whether the two policies' columns are swapped, or one is a mean instead of a sum."
        if warn or fail
        else None,
    )


def clone_noise(paired: Pairing, summary: WeightSummary) -> Check:
    """Measure the noise floor of scoring the same thing twice; only a clone can tell, and it never fails."""
    check = "target_policy.clone_noise"
    if paired.policy.role != "clone":
        return not_evaluated(check, f"{paired.name} is not a clone of the logging policy", paired.name)
    if paired.policy.from_stored_answers:
        return not_evaluated(
            check, "both columns come from one stored answer, so they are equal by construction", paired.name
        )
    stray = np.abs(paired.ratio) > thresholds.TIED_NATS
    warn = summary.ess_fraction < thresholds.NOISE_ESS
    return Check(
        id=check,
        policy=paired.name,
        status=CheckStatus.WARN if warn else CheckStatus.PASS,
        value=summary.ess_fraction,
        threshold=thresholds.NOISE_ESS,
        n_affected=int(stray.sum()),
        sentence=_noise_sentence(paired, summary, int(stray.sum())),
        what_to_do="Score both policies with one scorer, precision and batch setting, and look at the straying rows."
        if warn
        else None,
        example_ids=examples(paired.rows, paired.rows_where(stray)) if warn else (),
    )


def _noise_sentence(paired: Pairing, summary: WeightSummary, n_stray: int) -> str:
    if not n_stray:
        return f"All {summary.n:,} weights of {paired.name} are exactly 1: the noise floor is 0."
    worst = math.floor(10 * float(np.abs(paired.ratio).max()) + 0.5) / 10
    return (
        f"{count(n_stray, summary.n)} weights of {paired.name} differ from 1, by up to e^{worst:g}, "
        "though it is the logging policy itself. This noise alone leaves "
        f"{number(summary.ess)} effective rows of {summary.n:,} ({percent(summary.ess_fraction)})."
    )
