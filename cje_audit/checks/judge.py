"""The judge's scores: their row-level faults and their checks."""

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.build import Fault, examples, none_evaluated, not_evaluated, row_check, row_status
from cje_audit.checks.faults import has_code, is_clean
from cje_audit.checks.frame import Codes, Column, Floats, Rows
from cje_audit.checks.judge_atoms import Evidence, atoms, lonely
from cje_audit.checks.judge_noise import judge_noise
from cje_audit.checks.judge_setting import LEAK, SINGLE, mixed_judges, oracle_leak, single_judge
from cje_audit.checks.words import count, number, span
from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.domain.codes import FailureCode
from cje_audit.numerics.arrays import Pair
from cje_audit.numerics.draw_noise import DrawNoise

NO_EVIDENCE = Evidence()


def audit_scores(rows: Rows, reported: Floats, codes: Codes, scale: Pair, evidence: Evidence = NO_EVIDENCE) -> Column:
    """Find the faults of a column of scores.

    `reported`, float64 (n,), is NaN or ±inf where no number came; `codes`, object (n,), holds codes already known, and
    they stay. New codes: `no_score`, `non_finite`, `out_of_range` for a score outside the declared scale, `sentinel`
    for a failure recorded as a score; `evidence` is what scores are held against.
    """
    low, high = scale
    found = codes.copy()
    found[np.isnan(reported) & is_clean(found)] = str(FailureCode.NO_SCORE)
    found[np.isinf(reported) & is_clean(found)] = str(FailureCode.NON_FINITE)
    found[((reported < low) | (reported > high)) & is_clean(found)] = str(FailureCode.OUT_OF_RANGE)
    measured = np.where(is_clean(found), reported, np.nan)
    found[atoms(measured, evidence, rows.text_key, scale)] = str(FailureCode.SENTINEL)
    values = np.where(is_clean(found), reported, np.nan)
    return Column(values=values, codes=found, reported=np.where(np.isfinite(reported), reported, np.nan))


def check_judge(
    rows: Rows, column: Column | None, oracle: Column | None, scale: Pair, noise: DrawNoise | None = None,
    two_judges: tuple[int, int] | None = None,
) -> list[Check]:  # fmt: skip
    """Return the checks of scores and of the labels beside them; `judge.calibration` and `.transport` are elsewhere.

    `noise` is known only where the judge was asked more than once; `two_judges` counts the judgements of the judge and
    of its backup where both gave some.
    """
    if column is None:
        return [scored(rows, None), *none_evaluated(LATER, "there are no judge scores")]
    return [
        scored(rows, column),
        score_range(rows, column, scale),
        sentinel_scores(rows, column, scale),
        constant(rows, column),
        oracle_leak(rows, column, oracle),
        single_judge(rows, column, scale, None if oracle is None else oracle.values)
        if two_judges is None
        else mixed_judges(*two_judges),
        *([judge_noise(noise, rows.n)] if noise is not None else []),
    ]


LATER = ("judge.range", "judge.sentinel_scores", "judge.constant", LEAK, SINGLE)


def sentinel_scores(rows: Rows, column: Column, scale: Pair) -> Check:
    """Ask whether failures were recorded as scores; an isolated atom that nothing else speaks against only warns."""
    fault = Fault(
        "judge.sentinel_scores",
        "scores",
        "are failures recorded as a score: they stand apart and do not fit the scores around them",
        "No score looks like a failure that was recorded as one.",
        "Record a failed judgement as missing, with its reason, and judge these rows again.",
    )
    check = row_check(fault, rows, has_code(column, FailureCode.SENTINEL))
    alone = lonely(column.values, scale)
    if check.status is not CheckStatus.PASS or not alone.any():
        return check
    n, value = int(alone.sum()), number(float(column.values[alone][0]))
    return check.model_copy(
        update={
            "status": CheckStatus.WARN,
            "n_affected": n,
            "value": n / rows.n,
            "sentence": f"{count(n, rows.n)} scores are exactly {value} with hardly any near it; "
            "they may be failures recorded as a score, and were kept.",
            "what_to_do": "Read some of the judge's replies for these rows.",
            "example_ids": examples(rows, alone),
        }
    )


def scored(rows: Rows, column: Column | None) -> Check:
    """Ask whether every row is judged; fails below four fifths, and blocks with no score at all."""
    n_ok = 0 if column is None else column.n_ok
    missing = np.ones(rows.n, dtype=bool) if column is None else ~column.ok
    status = CheckStatus.FAIL if not n_ok else row_status(rows.n - n_ok, rows.n, thresholds.MISSING_FAIL)
    return Check(
        id="judge.scored",
        status=status,
        value=n_ok / rows.n if rows.n else None,
        threshold=1 - thresholds.MISSING_FAIL,
        n_affected=rows.n - n_ok,
        sentence=f"{count(n_ok, rows.n)} rows have a judge score" + ("." if n_ok else ", so nothing can be estimated."),
        what_to_do=None
        if status is CheckStatus.PASS
        else "Retry the failed rows, or run the judge on the rows without a score.",
        example_ids=examples(rows, missing),
    )


def score_range(rows: Rows, column: Column, scale: Pair) -> Check:
    """Ask whether all scores lie on the declared scale."""
    fault = Fault(
        "judge.range",
        "scores",
        f"lie outside the declared scale {span(scale)} or are not finite",
        f"Every score lies on the declared scale {span(scale)}.",
        "Check the declared scale against the judge prompt, or correct the scores.",
    )
    return row_check(fault, rows, has_code(column, FailureCode.OUT_OF_RANGE, FailureCode.NON_FINITE))


def constant(rows: Rows, column: Column) -> Check:
    """Ask whether the scores vary at all; if not, every policy gets the same value."""
    if column.n_ok < thresholds.CONSTANT_ROWS:
        return not_evaluated("judge.constant", f"only {count(column.n_ok, rows.n)} rows have a score")
    values = column.values[column.ok]
    low, high = float(values.min()), float(values.max())
    same = low == high
    return Check(
        id="judge.constant",
        status=CheckStatus.FAIL if same else CheckStatus.PASS,
        value=high - low,
        threshold=0.0,
        n_affected=len(values) if same else 0,
        sentence=f"All {count(len(values), rows.n)} scores are {number(low)}: the judge tells nothing apart."
        if same
        else f"Scores run from {number(low)} to {number(high)} on {count(len(values), rows.n)} rows.",
        what_to_do="Read some of the judge's replies; a constant score is usually a parsing fallback."
        if same
        else None,
        example_ids=examples(rows, column.ok) if same else (),
    )
