"""Before and after: the estimates with damaged values counted in, and those before failed cells were asked again."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from cje_audit.checks.frame import Bools, Column
from cje_audit.checks.words import count, number, span
from cje_audit.domain import titles
from cje_audit.domain.checks import Verdict
from cje_audit.domain.policy import Role
from cje_audit.domain.repair import CellChange, CellCount, EstimateChange, Repair, Snapshot, Stood
from cje_audit.domain.report import Estimate, FailureGroup, PolicyReport
from cje_audit.report.estimates import estimates_of
from cje_audit.report.facts import RunFacts
from cje_audit.report.skipping import without_skipped

Cells = Mapping[tuple[str, str | None, str], int]
LOGGING: Role = "logging"


def repairs_of(
    facts: RunFacts, policies: Sequence[PolicyReport], failures: Sequence[FailureGroup]
) -> tuple[Repair, ...]:
    """Return every repair of a run, the leaving out of damaged values first."""
    now = snapshot_of("", policies, failures, shown_only=False)
    again = [_asked_again(before, after) for before, after in pairwise((*facts.retries, now))]
    if again:
        again[-1] = again[-1].model_copy(update={"notes": facts.rescored})
    return (*_left_out(facts, policies), *again)


def snapshot_of(
    at: str, policies: Sequence[PolicyReport], failures: Sequence[FailureGroup], *, shown_only: bool = True
) -> Snapshot:
    """Return what stands in a report; of policies without a number, nothing (`shown_only`)."""
    told = [p for p in policies if p.verdict is Verdict.REPORT or not shown_only]
    return Snapshot(
        at=at,
        cells=tuple(
            CellCount(stage=f.stage, policy=f.policy, code=f.code, count=f.count)
            for f in failures
            if f.stage != "dataset"
        ),
        estimates=tuple(_stood(p.name, e, p.n_total) for p in told for e in p.estimates),
    )


def _stood(policy: str, estimate: Estimate, n_rows: int) -> Stood:
    return Stood(
        policy=policy, estimator=estimate.estimator, reward=estimate.reward, value=estimate.value,
        interval=estimate.interval, n_used=estimate.n_used,
        n_total=n_rows if estimate.n_total is None else estimate.n_total, counted=estimate.counted,
    )  # fmt: skip


# -- damaged values that were left out ---------------------------------------------------------------------------------


def damaged(column: Column) -> Bools:
    """Mark the cells a check made missing although a finite value came, bool (n,)."""
    return ~column.ok & np.isfinite(column.reported)


def with_damage(column: Column | None) -> Column | None:
    """Return a column with every damaged value counted as it came."""
    if column is None or not damaged(column).any():
        return column
    hurt = damaged(column)
    codes = column.codes.copy()
    codes[hurt] = None
    return Column(values=np.where(hurt, column.reported, column.values), codes=codes, reported=column.reported)


def _left_out(facts: RunFacts, policies: Sequence[PolicyReport]) -> Iterator[Repair]:
    cells = Counter(dict(_damaged_cells(facts)))
    if not cells:
        return
    before = without_skipped(_as_it_came(facts))
    told = [p for p in policies if p.estimates and _touched(facts, p)]
    changes = [change for p in told for change in _beside(before, p)]
    yield Repair(
        act="left_out", at=None, sentence=_left_out_sentence(cells), estimates=tuple(changes),
        cells=tuple(_cell(key, 0, n) for key, n in cells.items()),
    )  # fmt: skip


def _damaged_cells(facts: RunFacts) -> Iterator[tuple[tuple[str, str | None, str], int]]:
    for stage, policy, column in _columns(facts):
        if column is not None:
            codes = Counter(str(code) for code in column.codes[damaged(column)])
            yield from (((stage, policy, code), n) for code, n in codes.most_common())


def _columns(facts: RunFacts) -> Iterator[tuple[str, str | None, Column | None]]:
    yield "logging_policy", facts.logging.name, facts.logging_column
    yield from (("target_policy", name, facts.target_columns.get(name)) for name in facts.targets)
    yield "judge", None, facts.judge


def _touched(facts: RunFacts, policy: PolicyReport) -> bool:
    """Whether a policy's estimates rest on a column with damaged values."""
    own = None if policy.role == LOGGING else facts.target_columns.get(policy.name)
    needed = (facts.judge,) if policy.role == LOGGING else (facts.judge, facts.logging_column, own)
    return any(column is not None and bool(damaged(column).any()) for column in needed)


def _as_it_came(facts: RunFacts) -> RunFacts:
    targets = {name: with_damage(column) for name, column in facts.target_columns.items()}
    return replace(
        facts,
        logging_column=with_damage(facts.logging_column),
        target_columns={name: column for name, column in targets.items() if column is not None},
        judge=with_damage(facts.judge),
    )


def _beside(before: RunFacts, policy: PolicyReport) -> Iterator[EstimateChange]:
    was = {(e.estimator, e.reward): e for e in estimates_of(before, policy.name, headline=None)}
    for now in policy.estimates:
        then = was.get((now.estimator, now.reward))
        known = None if then is None else _stood(policy.name, then, policy.n_total)
        yield change(known, _stood(policy.name, now, policy.n_total))


def _left_out_sentence(cells: Cells) -> str:
    n = sum(cells.values())
    told = ", ".join(
        f"{k:,} {code} ({policy or titles.stage_title(stage)})" for (stage, policy, code), k in cells.items()
    )
    what = "1 damaged value was left out and is" if n == 1 else f"{n:,} damaged values were left out and are"
    return f"{what} missing with a code: {told}. Before counts them as they came, after is what this report says."


# -- failed cells that were asked again --------------------------------------------------------------------------------


def _asked_again(before: Snapshot, after: Snapshot) -> Repair:
    was = Counter({(c.stage, c.policy, c.code): c.count for c in before.cells})
    now = Counter({(c.stage, c.policy, c.code): c.count for c in after.cells})
    keys = list(dict.fromkeys((*was, *now)))
    then = {(s.policy, s.estimator, s.reward): s for s in before.estimates}
    changes = [change(then.get((s.policy, s.estimator, s.reward)), s) for s in after.estimates]
    return Repair(
        act="asked_again", at=before.at, estimates=tuple(changes),
        sentence=_asked_again_sentence(before.at, sum(was.values()), sum(now.values())),
        cells=tuple(_cell(key, was[key], now[key]) for key in keys),
    )  # fmt: skip


def _asked_again_sentence(at: str, before: int, after: int) -> str:
    if after > before:
        return f"A retry at {at}: {before:,} cells had no value before it, {after:,} have none after it."
    return (
        f"A retry at {at}: {count(before - after, before)} cells without a value have one now, "
        f"{after:,} have none. Before is what the report said then."
    )


# -- what both share ---------------------------------------------------------------------------------------------------


def _cell(key: tuple[str, str | None, str], before: int, after: int) -> CellChange:
    stage, policy, code = key
    return CellChange(stage=stage, policy=policy, code=code, missing_before=before, missing_after=after)


def change(before: Stood | None, after: Stood) -> EstimateChange:
    """Put one estimate before and after side by side, and say both."""
    name = titles.ESTIMATORS.get(after.estimator, after.estimator)
    what = f"{after.policy}, {name}, {titles.REWARDS[after.reward].lower()}"
    return EstimateChange(
        policy=after.policy, estimator=after.estimator, reward=after.reward, before=before, after=after,
        sentence=f"{what}: {_told(before)} before, {_told(after)} after.", moved=not _same(before, after),
    )  # fmt: skip


def _same(before: Stood | None, after: Stood) -> bool:
    if before is None or before.n_used != after.n_used or before.n_total != after.n_total:
        return False
    pairs = zip(_numbers(before), _numbers(after), strict=True)
    return all(a == b or (a is not None and b is not None and math.isclose(a, b, rel_tol=ROUNDING)) for a, b in pairs)


def _numbers(stood: Stood) -> tuple[float | None, ...]:
    return (stood.value, *(stood.interval or (None, None)))


ROUNDING = 1e-12


def _told(stood: Stood | None) -> str:
    if stood is None or stood.value is None:
        return "no number"
    return f"{number(stood.value)} ({span(stood.interval)}; {count(stood.n_used, stood.n_total)} {stood.counted})"
