"""The calibration curve for the report: the fitted curve, thinned, and the labels it rests on, in bins."""

from collections.abc import Sequence

import numpy as np

from cje_audit.checks.words import count, number
from cje_audit.domain.curve import CalibrationCurve, LabelBin
from cje_audit.domain.report import PolicyReport
from cje_audit.numerics.arrays import Pair
from cje_audit.numerics.binned import binned_means
from cje_audit.numerics.calibration import Calibration
from cje_audit.report.facts import RunFacts

BINS, NODES = 10, 200


def calibration_curve(facts: RunFacts, policies: Sequence[PolicyReport]) -> CalibrationCurve | None:
    """Return the run's curve with its data; None where there is nothing to fit."""
    if facts.calibrated is None or facts.judge is None or facts.oracle is None:
        return None
    fitted = facts.calibrated.calibration
    both = facts.judge.ok & facts.oracle.ok
    found = binned_means(facts.judge.values[both], facts.oracle.values[both], facts.rows.cluster[both], BINS)
    curve = _thinned(fitted)
    used_by = tuple(p.name for p in policies if any(e.primary and e.reward == "calibrated" for e in p.estimates))
    return CalibrationCurve(
        n=fitted.n,
        n_total=facts.rows.n,
        curve=curve,
        line=fitted.line,
        bins=tuple(LabelBin(score=b.x, label=b.y, interval=b.interval, n=b.n) for b in found),
        used_by=used_by,
        sentence=_sentence(fitted.n, facts.rows.n, (curve[0], curve[-1]), used_by),
    )


def _thinned(fitted: Calibration) -> tuple[Pair, ...]:
    """Return the curve at its ends and at no more than `NODES` of its nodes."""
    last = len(fitted.nodes) - 1
    kept = np.unique(np.linspace(0, last, min(NODES, last + 1)).round().astype(np.int64))
    return tuple((float(fitted.nodes[k]), float(fitted.whole[k])) for k in kept)


def _sentence(n: int, n_total: int, ends: tuple[Pair, Pair], used_by: Sequence[str]) -> str:
    """Say where the curve begins and ends, and which headlines rest on it."""
    (low, at_low), (high, at_high) = ends
    rests = f"The headlines of {', '.join(used_by)} rest on it." if used_by else "No headline rests on it."
    return (
        f"Calibration: on {count(n, n_total)} rows with both, a judge score of {number(low)} goes with a label of "
        f"{number(at_low)}, one of {number(high)} with {number(at_high)}. {rests}"
    )
