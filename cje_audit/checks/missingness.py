"""Whether failed rows differ from kept ones: if so, what is left no longer stands for the whole."""

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.build import examples, not_evaluated
from cje_audit.checks.frame import Bools, Column, Floats, Rows
from cje_audit.checks.words import count, percent
from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.numerics.ranks import RankTest, rank_test

CHECK = "target_policy.missingness"


def missingness(rows: Rows, policy: str, logging: Column, target: Column, judge: Column | None) -> Check:
    """Compare the rows this policy cannot use with the rest: response length, judge score, logging log-prob."""
    if judge is None:
        return not_evaluated(CHECK, "there are no judge scores to say which rows are used", policy)
    used = logging.ok & target.ok & judge.ok
    lost = ~used
    n_lost = int(lost.sum())
    if not n_lost:
        return Check(
            id=CHECK,
            policy=policy,
            status=CheckStatus.PASS,
            n_affected=0,
            sentence=f"{policy} lost none of {rows.n:,} rows.",
        )
    if n_lost < thresholds.MISSING_ROWS or not used.any():
        why = f"{count(n_lost, rows.n)} rows are missing, too few to show a pattern" if used.any() else "no row is left"
        return not_evaluated(CHECK, why, policy)
    patterns = found_patterns(rows, lost, logging, target, judge)
    return Check(
        id=CHECK,
        policy=policy,
        status=CheckStatus.WARN if patterns else CheckStatus.PASS,
        value=n_lost / rows.n,
        threshold=thresholds.MISSING_P,
        n_affected=n_lost,
        sentence=_sentence(policy, n_lost, rows.n, patterns),
        what_to_do="Read the bounds, not the estimate, until the failed rows are retried." if patterns else None,
        example_ids=examples(rows, lost) if patterns else (),
    )


def found_patterns(rows: Rows, lost: Bools, logging: Column, target: Column, judge: Column) -> list[str]:
    """Return in words each way in which lost rows differ from kept ones by more than chance and trifles."""
    columns: tuple[tuple[str, str, Floats], ...] = (
        ("longer", "shorter", np.where(rows.has_response, rows.response_chars, np.nan).astype(np.float64)),
        ("judged higher", "judged lower", judge.values),
        ("likelier under the logging policy", "less likely under the logging policy", logging.values),
        ("likelier under the target policy", "less likely under the target policy", target.values),
    )
    found = []
    for more, less, values in columns:
        test = _test(values, lost)
        if test is not None and _speaks(test):
            pairs = percent(max(test.superiority, 1 - test.superiority))
            found.append(f"{more if test.superiority > 0.5 else less} ({pairs} of pairs)")
    return found


def _test(values: Floats, lost: Bools) -> RankTest | None:
    known = ~np.isnan(values)
    first, second = values[known & lost], values[known & ~lost]
    if len(first) < thresholds.MISSING_ROWS or len(second) < thresholds.MISSING_ROWS:
        return None
    return rank_test(first, second)


def _speaks(test: RankTest) -> bool:
    return test.p_value < thresholds.MISSING_P and abs(test.superiority - 0.5) > thresholds.MISSING_SIZE


def _sentence(policy: str, n_lost: int, n: int, patterns: list[str]) -> str:
    lost = f"{count(n_lost, n)} rows are missing for {policy}"
    if not patterns:
        return f"{lost}; they do not differ from the others in length, judge score or log-prob."
    return f"{lost}, and not at random: they are {', '.join(patterns)} than the rows that are left."
