"""Rows that `skip_row` takes out: which they are and why, and a run's facts without them. None leaves unseen."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.frame import Bools, Codes, Column
from cje_audit.checks.words import count
from cje_audit.domain.report import SkippedReason, SkippedRows
from cje_audit.report.facts import RunFacts


@dataclass(frozen=True, eq=False)
class Skipped:
    """Rows left out for every policy: bool (n,), and for each the code, stage and policy that failed first."""

    rows: Bools
    codes: Codes
    why: Counter[tuple[str, str | None, str]]


def skipped_rows(facts: RunFacts) -> Skipped:
    """Find the rows with a failed cell in a stage whose failures take the whole row out."""
    rows = np.zeros(facts.rows.n, dtype=bool)
    codes: Codes = np.full(facts.rows.n, None, dtype=object)
    why: Counter[tuple[str, str | None, str]] = Counter()
    for stage, policy, column in _asked(facts):
        if stage in facts.skip_stages:
            fresh = ~column.ok & ~rows
            rows |= fresh
            codes[fresh] = column.codes[fresh]
            why.update((stage, policy, str(code)) for code in column.codes[fresh])
    return Skipped(rows, codes, why)


def _asked(facts: RunFacts) -> Iterator[tuple[str, str | None, Column]]:
    if facts.logging_column is not None:
        yield "logging_policy", facts.logging.name, facts.logging_column
    yield from (("target_policy", name, column) for name, column in facts.target_columns.items())
    if facts.judge is not None:
        yield "judge", None, facts.judge


def without_skipped(facts: RunFacts) -> RunFacts:
    """Return the facts that estimates rest on: a skipped row has no value for any policy, and the same number of rows.

    A cell that had a value gets the code of the failure that took its row out.
    """
    skipped = skipped_rows(facts)
    if not skipped.rows.any():
        return facts
    return replace(
        facts,
        logging_column=_without(facts.logging_column, skipped),
        target_columns={name: _masked(column, skipped) for name, column in facts.target_columns.items()},
        judge=_without(facts.judge, skipped),
        oracle=_without(facts.oracle, skipped),
    )


def _without(column: Column | None, skipped: Skipped) -> Column | None:
    return None if column is None else _masked(column, skipped)


def _masked(column: Column, skipped: Skipped) -> Column:
    taken = skipped.rows & column.ok
    values = np.where(taken, np.nan, column.values)
    codes = column.codes.copy()
    codes[taken] = skipped.codes[taken]
    return Column(values=values, codes=codes, reported=column.reported)


def skipped_report(facts: RunFacts) -> SkippedRows | None:
    """Return how many rows were left out, and why; None where no stage skips rows."""
    if not facts.skip_stages:
        return None
    skipped = skipped_rows(facts)
    n, names = int(np.count_nonzero(skipped.rows)), facts.rows.row_ids[skipped.rows][: thresholds.EXAMPLES]
    reasons = tuple(
        SkippedReason(stage=stage, policy=policy, code=code, count=k)
        for (stage, policy, code), k in sorted(skipped.why.items(), key=lambda item: (-item[1], str(item[0])))
    )
    return SkippedRows(
        n=n,
        n_total=facts.rows.n,
        reasons=reasons,
        example_ids=tuple(str(i) for i in names),
        sentence=_sentence(n, facts.rows.n, reasons),
    )


def _sentence(n: int, total: int, reasons: tuple[SkippedReason, ...]) -> str:
    if not n:
        return f"skip_row left no row out: none of the {total:,} rows has a failed cell."
    told = ", ".join(f"{r.count:,} {r.code} ({r.policy or r.stage})" for r in reasons)
    return (
        f"skip_row left {count(n, total)} rows out for every policy, because one of their cells failed: {told}. "
        "Estimates rest on the other rows; the bounds hold for the rows that were left out."
    )
