"""Checks whether these rows can speak for that policy, all on raw weights, before any transform."""

from collections.abc import Mapping

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.build import examples, none_evaluated, not_evaluated
from cje_audit.checks.frame import Bools, Column, Floats, PolicyFacts, Rows
from cje_audit.checks.weight_checks import Pairing, pair
from cje_audit.checks.words import count, number, percent
from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.numerics.tail import khat_threshold
from cje_audit.numerics.typicality import typical_rows
from cje_audit.numerics.weights import NEAR_ZERO_LOG, WeightSummary, relative_weights

REQUIRED = "estimation.required_stages"
OVERLAP_CHECKS = (
    "estimation.ess",
    "estimation.max_weight_share",
    "estimation.tail_index",
    "estimation.overlap",
    "estimation.near_zero_weights",
)
TYPICALITY = "estimation.typicality"
FRESH = "Collect fresh responses of this policy and judge them; reweighting these rows cannot replace them."


def check_estimation(
    rows: Rows,
    logging: Column | None,
    targets: Mapping[str, Column],
    facts: Mapping[str, PolicyFacts],
    judge: Column | None,
    tokens: Mapping[str, Floats] | None = None,
    pairings: Mapping[str, Pairing] | None = None,
) -> list[Check]:
    """Return all `estimation.*` checks; arguments as in `check_target_policies`.

    `tokens`, float64 (n,) by policy, are the numbers of tokens its log-probs sum over, NaN where unknown.
    """
    checks = [required_stages(logging, targets, facts, judge)]
    for name, policy in facts.items():
        target = targets.get(name)
        if target is None or logging is None:
            checks += none_evaluated((*OVERLAP_CHECKS, TYPICALITY), "log-probs are missing", name)
        else:
            known = None if pairings is None else pairings.get(name)
            paired = pair(rows, policy, logging, target) if known is None else known
            checks += [*check_overlap(paired), typicality_check(paired, None if tokens is None else tokens.get(name))]
    return checks


def required_stages(
    logging: Column | None, targets: Mapping[str, Column], facts: Mapping[str, PolicyFacts], judge: Column | None
) -> Check:
    """Ask whether all stages have run that IPS and SNIPS need; blocks when no policy can be estimated."""
    unscored = [name for name in facts if name not in targets or not targets[name].n_ok]
    absent = [] if logging is not None and logging.n_ok else ["logging_policy"]
    absent += ["target_policy"] if len(unscored) == len(facts) else []
    absent += [] if judge is not None and judge.n_ok else ["judge"]
    if absent:
        sentence = (
            f"Estimation needs the stages logging_policy, target_policy and judge; without values: {', '.join(absent)}."
        )
    elif unscored:
        sentence = f"All stages have run, but not for {', '.join(unscored)}: nothing is estimated for it."
    else:
        sentence = "All stages that the estimates need have run."
    status = (
        CheckStatus.FAIL
        if len(absent) > thresholds.REQUIRED_ABSENT
        else CheckStatus.WARN
        if unscored
        else CheckStatus.PASS
    )
    return Check(
        id=REQUIRED,
        status=status,
        value=float(len(absent)),
        threshold=thresholds.REQUIRED_ABSENT,
        n_affected=len(unscored),
        sentence=sentence,
        what_to_do=f"Run the missing stages: {', '.join(absent or ['target_policy'])}." if absent or unscored else None,
    )


def check_overlap(paired: Pairing) -> list[Check]:
    """Return the five overlap checks of one policy."""
    summary = paired.summary
    if summary is None:
        return none_evaluated(OVERLAP_CHECKS, "no row has both log-probs", paired.name)
    return [
        ess(paired, summary),
        max_weight_share(paired, summary),
        tail_index(paired, summary),
        overlap(paired, summary),
        near_zero_weights(paired, summary),
    ]


def surprisal_of(paired: Pairing, tokens: Floats | None) -> tuple[Bools, Floats]:
    """Return which of the paired rows have a token count, and their surprisal under the target (nats per token)."""
    if tokens is None:
        return np.zeros(len(paired.ratio), dtype=bool), np.zeros(0)
    whole = len(paired.ratio) == paired.rows.n
    counted, logprob = (
        (tokens, paired.target.values) if whole else (tokens[paired.both], paired.target.values[paired.both])
    )
    known = counted >= 1
    surprisal: Floats = logprob / counted if known.all() else logprob[known] / counted[known]
    return known, np.negative(surprisal, out=surprisal)


def typicality_of(paired: Pairing, tokens: Floats | None) -> float | None:
    """Return the share of logged responses that are typical of the policy; None with too few token counts."""
    known, surprisal = surprisal_of(paired, tokens)
    if len(surprisal) < thresholds.TYPICAL_ROWS:
        return None
    return float(np.mean(typical_rows(_weights(paired, known), surprisal)))


def _weights(paired: Pairing, known: Bools) -> Floats:
    """Return the relative weights of the rows whose number of tokens is known."""
    return paired.relative if len(known) == np.count_nonzero(known) else relative_weights(paired.ratio[known])


def typicality_check(paired: Pairing, tokens: Floats | None) -> Check:
    """Ask whether the logged responses are what this policy would typically write, by its surprisal per token."""
    known, surprisal = surprisal_of(paired, tokens)
    if len(surprisal) < thresholds.TYPICAL_ROWS:
        why = f"the number of tokens is known for {count(len(surprisal), paired.rows.n)} rows with both log-probs"
        return not_evaluated(TYPICALITY, f"{why}, {thresholds.TYPICAL_ROWS:g} are needed", paired.name)
    typical = typical_rows(_weights(paired, known), surprisal)
    share = float(np.mean(typical))
    status = _status(share < thresholds.TYPICAL_FAIL, share < thresholds.TYPICAL_WARN)
    sentence = (
        f"{count(int(typical.sum()), len(typical))} logged responses are typical of {paired.name}: no more surprising "
        f"per token than nine tenths of what it would write itself (equal policies: 90 %)."
    )
    limit = thresholds.TYPICAL_FAIL if status is CheckStatus.FAIL else thresholds.TYPICAL_WARN
    check = _check("typicality", paired, status, share, limit, sentence)
    if status is CheckStatus.PASS:
        return check
    odd = np.zeros(len(known), dtype=bool)
    odd[np.flatnonzero(known)[~typical]] = True
    return check.model_copy(
        update={"n_affected": int(odd.sum()), "example_ids": examples(paired.rows, paired.rows_where(odd))}
    )


def _status(fail: bool, warn: bool) -> CheckStatus:
    return CheckStatus.FAIL if fail else CheckStatus.WARN if warn else CheckStatus.PASS


def _check(
    name: str, paired: Pairing, status: CheckStatus, value: float, threshold: float, sentence: str, heavy: int = 0
) -> Check:
    """Make an overlap check; `heavy` is how many of the heaviest rows to show when it speaks."""
    speaks = status is not CheckStatus.PASS
    order = np.argsort(-paired.ratio, kind="stable")[:heavy] if speaks and heavy else np.zeros(0, dtype=np.int64)
    ids = paired.rows.row_ids[np.flatnonzero(paired.both)[order]]
    return Check(
        id=f"estimation.{name}",
        policy=paired.name,
        status=status,
        value=value,
        threshold=threshold,
        n_affected=len(paired.ratio) if speaks else 0,
        sentence=sentence,
        what_to_do=FRESH if speaks else None,
        example_ids=tuple(str(i) for i in ids),
    )


def ess(paired: Pairing, summary: WeightSummary) -> Check:
    """Ask how many equally weighted rows would say as much."""
    rows, fraction = summary.ess, summary.ess_fraction
    fail = rows < thresholds.ESS_FAIL_ROWS or fraction < thresholds.ESS_FAIL_FRACTION
    few = rows < thresholds.ESS_WARN_ROWS and fraction < thresholds.ESS_FEW_FRACTION
    warn = few or fraction < thresholds.ESS_WARN_FRACTION
    sentence = (
        f"The {count(summary.n, paired.rows.n)} rows say as much about {paired.name} as {number(rows)} "
        f"equally weighted ones (ESS fraction {percent(fraction)})."
    )
    limit = thresholds.ESS_FAIL_ROWS if fail else thresholds.ESS_WARN_ROWS
    return _check("ess", paired, _status(fail, warn), rows, limit, sentence, heavy=5)


def max_weight_share(paired: Pairing, summary: WeightSummary) -> Check:
    """Ask how much of all weight the heaviest row carries."""
    share = summary.max_share
    uneven = share > thresholds.SHARE_EQUAL / summary.n
    status = _status(uneven and share > thresholds.SHARE_FAIL, uneven and share > thresholds.SHARE_WARN)
    half = count(summary.half_rows, summary.n)
    sentence = (
        f"The heaviest row carries {percent(share)} of all weight for {paired.name}; {half} rows carry half of it."
    )
    limit = thresholds.SHARE_FAIL if status is CheckStatus.FAIL else thresholds.SHARE_WARN
    return _check("max_weight_share", paired, status, share, limit, sentence, heavy=5)


def tail_index(paired: Pairing, summary: WeightSummary) -> Check:
    """Ask whether the tail of the weights is light enough for averages to settle."""
    khat = summary.tail.pareto_khat
    if khat is None:
        return not_evaluated("estimation.tail_index", f"{summary.tail.reason}", paired.name)
    limit, worth = khat_threshold(summary.n), summary.log_normal_rows
    unseen = worth < thresholds.UNSEEN_ROWS and khat >= thresholds.UNSEEN_KHAT
    status = _status(khat >= thresholds.KHAT_FAIL or unseen, khat >= limit)
    verdict = {
        CheckStatus.PASS: "light enough for the average to settle",
        CheckStatus.WARN: "too heavy for the error to be trusted",
        CheckStatus.FAIL: "so heavy that the average does not settle at all",
    }[status]
    sentence = f"The tail of the weights of {paired.name} has k̂ = {number(khat)} (limit {number(limit)}): {verdict}."
    if unseen:
        sentence = (
            f"The log ratios of {paired.name} spread by {number(summary.upper_spread)} nats above their median, and "
            f"the tail has k̂ = {number(khat)}: log-normal weights like that make {count(summary.n, paired.rows.n)} "
            "rows worth less than one. The rows that matter were not drawn."
        )
    return _check("tail_index", paired, status, khat, limit, sentence, heavy=5)


def overlap(paired: Pairing, summary: WeightSummary) -> Check:
    """Ask how similar the two policies are on the logged rows (1: equal, 0: no response in common)."""
    value = summary.sqrt_overlap
    status = _status(value < thresholds.SQRT_FAIL, value < thresholds.SQRT_WARN)
    said = "" if status is CheckStatus.PASS else f": {paired.name} writes text the logs hardly contain"
    sentence = f"The overlap of {paired.name} with the logging policy is {number(value)} of 1{said}."
    limit = thresholds.SQRT_FAIL if status is CheckStatus.FAIL else thresholds.SQRT_WARN
    return _check("overlap", paired, status, value, limit, sentence)


def near_zero_weights(paired: Pairing, summary: WeightSummary) -> Check:
    """Ask how many rows have practically no weight (below 1e-6)."""
    share = summary.near_zero_share
    light = paired.ratio < NEAR_ZERO_LOG
    status = _status(share >= thresholds.NEAR_ZERO_FAIL, share >= thresholds.NEAR_ZERO_WARN)
    sentence = f"{count(int(light.sum()), summary.n)} rows have a weight below 1e-6 for {paired.name}."
    limit = thresholds.NEAR_ZERO_FAIL if status is CheckStatus.FAIL else thresholds.NEAR_ZERO_WARN
    check = _check("near_zero_weights", paired, status, share, limit, sentence)
    if status is CheckStatus.PASS:
        return check
    return check.model_copy(
        update={"n_affected": int(light.sum()), "example_ids": examples(paired.rows, paired.rows_where(light))}
    )
