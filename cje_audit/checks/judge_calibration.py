"""Checks of the map from judge score to oracle label: enough labels, does it hold elsewhere, is it stretched."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.build import examples, not_evaluated
from cje_audit.checks.frame import Bools, Column, Floats, Rows
from cje_audit.checks.words import count, number, percent, span
from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.numerics.arrays import Pair
from cje_audit.numerics.calibration import Calibration
from cje_audit.numerics.inference import t_interval
from cje_audit.numerics.point import Inferred
from cje_audit.numerics.weights import relative_weights

CALIBRATION = "judge.calibration"
TRANSPORT = "judge.transport"
RANGE = "estimation.calibration_range"
LABEL_MORE = "Label more responses by hand; a random choice of the logged ones serves best."


@dataclass(frozen=True, eq=False)
class TargetScores:
    """One target policy's judge scores: of the logged rows it weighs, and of its own fresh draws.

    `weighted`, bool (n,), marks rows with a weight and a score; `log_ratio` (nats) and `score` are theirs, shape (m,);
    `fresh` has NaN where a draw has no score.
    """

    weighted: Bools
    log_ratio: Floats
    score: Floats
    fresh: Floats


def labels_suffice(calibration: Calibration) -> bool:
    """Say whether the headline may rest on the calibrated reward: enough labels, and the judge says something."""
    return calibration.n >= thresholds.LABELS_PRIMARY and tells_something(calibration)


def tells_something(calibration: Calibration) -> bool:
    """Say whether the cross-fitted curve predicts labels better than their mean does, beyond chance."""
    return calibration.skill_z is not None and calibration.skill_z > thresholds.CALIBRATION_Z


def check_calibration(rows: Rows, oracle: Column | None, calibration: Calibration | None) -> Check:
    """Ask whether there are enough labels for the calibrated reward, and whether the judge predicts them."""
    if oracle is None or not oracle.n_ok:
        return not_evaluated(CALIBRATION, "there are no oracle labels", what_to_do=LABEL_MORE)
    if calibration is None:
        return not_evaluated(CALIBRATION, "the labelled rows have no two different judge scores", what_to_do=LABEL_MORE)
    good = labels_suffice(calibration)
    return Check(
        id=CALIBRATION,
        status=CheckStatus.PASS if good else CheckStatus.WARN,
        value=float(calibration.n),
        threshold=thresholds.LABELS_PRIMARY,
        n_affected=0 if good else calibration.n,
        sentence=_calibration_sentence(rows, calibration),
        what_to_do=None if good else LABEL_MORE,
        example_ids=() if good else examples(rows, oracle.ok),
    )


def _calibration_sentence(rows: Rows, calibration: Calibration) -> str:
    labelled = f"{count(calibration.n, rows.n)} rows have a judge score and an oracle label"
    explained = "" if calibration.skill is None else f"{percent(calibration.skill)} of the labels' spread"
    if calibration.n < thresholds.LABELS_PRIMARY:
        return f"{labelled}, too few to map scores to labels ({thresholds.LABELS_PRIMARY:g} are needed)."
    if not tells_something(calibration):
        return f"{labelled}, but the score predicts the label no better than the mean label does."
    return f"{labelled}; the score explains {explained} (on prompts the curve has not seen)."


class Transport(StrEnum):
    """What labelled answers of a policy say about a calibration made on the logged ones."""

    TOO_FEW = "too_few"
    HOLDS = "holds"
    UNCLEAR = "unclear"
    LEANS = "leans"
    FAILS = "fails"


STATUS: Mapping[Transport, CheckStatus] = {
    Transport.TOO_FEW: CheckStatus.NOT_EVALUATED,
    Transport.HOLDS: CheckStatus.PASS,
    Transport.UNCLEAR: CheckStatus.NOT_EVALUATED,
    Transport.LEANS: CheckStatus.WARN,
    Transport.FAILS: CheckStatus.FAIL,
}


def transport_state(residual: Inferred | None, margin: float) -> Transport:
    """Return the state of a mean of label − prediction: an equivalence test and a difference test in one interval.

    Within the margin it holds, even where it is not 0 (Schuirmann 1987, by the 95 % interval); wholly beyond it fails;
    not within, but on one side of 0 at 99 %, it leans; otherwise nothing is settled.
    """
    if residual is None or residual.interval is None or residual.n < thresholds.TRANSPORT_LABELS:
        return Transport.TOO_FEW
    low, high = residual.interval
    if -margin <= low and high <= margin:
        return Transport.HOLDS
    if low > margin or high < -margin:
        return Transport.FAILS
    strict = t_interval(residual.value, residual.standard_error, residual.degrees + 1, level=thresholds.TRANSPORT_LEVEL)
    leans = strict is not None and (strict[0] > 0 or strict[1] < 0)
    return Transport.LEANS if leans else Transport.UNCLEAR


def transport(policy: str, residual: Inferred | None, label_width: float, why_not: str) -> Check:
    """Ask whether the calibration holds on the policy's own labelled draws.

    `residual` is the mean of label − prediction there, None where there is nothing to hold it against (`why_not`). The
    threshold is the margin; 0 where the calibration leans, since that is what its interval leaves out. Where too few
    labels leave it open, nothing is decided: what they say is told, and how many would settle it.
    """
    margin = thresholds.TRANSPORT_MARGIN * label_width
    state = transport_state(residual, margin)
    if residual is None or residual.value is None or residual.interval is None:
        return not_evaluated(TRANSPORT, why_not, policy, what_to_do=f"Label fresh responses of {policy} by hand.")
    if state is Transport.TOO_FEW:
        why = f"only {residual.n} fresh responses of {policy} are labelled, {thresholds.TRANSPORT_LABELS:g} are needed"
        return not_evaluated(TRANSPORT, why, policy, what_to_do=f"Label more fresh responses of {policy} by hand.")
    return Check(
        id=TRANSPORT,
        policy=policy,
        status=STATUS[state],
        value=residual.value,
        threshold=0.0 if state is Transport.LEANS else margin,
        n_affected=0 if state in (Transport.HOLDS, Transport.UNCLEAR) else residual.n,
        sentence=_transport_sentence(policy, residual, residual.value, margin, state),
        what_to_do=_transport_next(policy, residual, margin, state),
    )


def _transport_sentence(policy: str, residual: Inferred, mean: float, margin: float, state: Transport) -> str:
    side, wrong = ("above", "low") if mean >= 0 else ("below", "high")
    verdict = {
        Transport.HOLDS: f"within ± {number(margin)}, so the calibration holds",
        Transport.UNCLEAR: f"too few labels to say whether it is within ± {number(margin)}",
        Transport.LEANS: f"not 0, though perhaps within ± {number(margin)}. Calibrated scores of {policy} are too "
        f"{wrong}, and their level does not stand",
        Transport.FAILS: f"beyond ± {number(margin)}. Calibrated scores are too {wrong} and mislead about {policy}",
    }[state]
    opening = "Not evaluated: on" if state is Transport.UNCLEAR else "On"
    return (
        f"{opening} {residual.n:,} labelled responses of {policy} the label is on average {number(abs(mean))} {side} "
        f"its prediction from the judge score (label − prediction, 95 % interval {span(residual.interval)}): {verdict}."
    )


def _transport_next(policy: str, residual: Inferred, margin: float, state: Transport) -> str | None:
    if state in (Transport.FAILS, Transport.LEANS):
        return f"Label fresh responses of {policy} and calibrate on them, or use the labels themselves."
    if state is Transport.HOLDS or residual.standard_error is None:
        return None
    needed = math.ceil(residual.n * (1.96 * residual.standard_error / margin) ** 2)
    return f"Label about {max(needed, residual.n + 1):,} fresh responses of {policy} to settle it."


def check_calibration_range(
    rows: Rows, calibration: Calibration | None, targets: Mapping[str, TargetScores]
) -> list[Check]:
    """Ask of each target policy how much of it has judge scores beyond the labelled ones.

    `calibration` is None where no headline rests on calibrated scores.
    """
    if calibration is None:
        return [not_evaluated(RANGE, "no headline rests on calibrated scores", name) for name in targets]
    span_ = (float(calibration.nodes[0]), float(calibration.nodes[-1]))
    return [_range(rows, name, target, span_) for name, target in targets.items()]


def _outside(score: Floats, labelled: Pair) -> Bools:
    """Mark scores clearly beyond the labelled ones: by more than a small part of their range."""
    near = thresholds.RANGE_NEAR * (labelled[1] - labelled[0])
    outside: Bools = (score < labelled[0] - near) | (score > labelled[1] + near)
    return outside


def _range(rows: Rows, name: str, target: TargetScores, labelled: Pair) -> Check:
    if not len(target.score):
        return not_evaluated(RANGE, "no row has both log-probs and a score", name)
    weight = relative_weights(target.log_ratio)
    outside = _outside(target.score, labelled)
    share = float(weight[outside].sum() / weight.sum())
    fresh = target.fresh[~np.isnan(target.fresh)]
    beyond = max(share, float(_outside(fresh, labelled).mean())) if len(fresh) else share
    warn = beyond > thresholds.RANGE_SHARE
    where = np.zeros(rows.n, dtype=bool)
    where[np.flatnonzero(target.weighted)[outside]] = True
    return Check(
        id=RANGE,
        policy=name,
        status=CheckStatus.WARN if warn else CheckStatus.PASS,
        value=beyond,
        threshold=thresholds.RANGE_SHARE,
        n_affected=int(outside.sum()) if warn else 0,
        sentence=f"{percent(beyond)} of {name} has judge scores clearly beyond the labelled ones ({span(labelled)})"
        + (": there the calibration is a guess." if warn else "."),
        what_to_do=f"Label responses of {name} with scores beyond {span(labelled)}." if warn else None,
        example_ids=examples(rows, where) if warn else (),
    )
