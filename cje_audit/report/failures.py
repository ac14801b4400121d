"""Failed cells, grouped by stage, policy and code, with what to do about each group."""

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.frame import Column, equals
from cje_audit.domain.codes import CODES, FailureCode
from cje_audit.domain.experiment import ORACLE_JUDGE
from cje_audit.domain.report import FailureGroup
from cje_audit.report.facts import RunFacts

NAMES = frozenset(str(code) for code in FailureCode)


def failure_groups(facts: RunFacts) -> tuple[FailureGroup, ...]:
    """Return all groups, by stage and policy, the largest first within each."""
    return tuple(_dataset(facts)) + tuple(_columns(facts))


def group(stage: str, policy: str | None, code: str, count: int, example_ids: tuple[str, ...]) -> FailureGroup:
    """Make one group in the words of its code; a code outside the closed list is `unknown`."""
    name = FailureCode(code) if code in NAMES else FailureCode.UNKNOWN
    words = CODES[name]
    return FailureGroup(
        stage=stage,
        policy=policy,
        code=str(name),
        count=count,
        retryable=words.retryable,
        sentence=words.sentence,
        what_to_do=words.what_to_do,
        example_ids=example_ids[: thresholds.EXAMPLES],
    )


def _dataset(facts: RunFacts) -> Iterator[FailureGroup]:
    lines: dict[str, list[str]] = {}
    for line in facts.dataset.quarantined:
        lines.setdefault(line.code, []).append(line.where)
    for code, where in sorted(lines.items(), key=lambda item: (-len(item[1]), item[0])):
        yield group("dataset", None, code, len(where), tuple(where))
    conflicting = facts.dataset.conflicting_ids
    if conflicting:
        yield group("dataset", None, FailureCode.DUPLICATE, len(conflicting), conflicting)


def _columns(facts: RunFacts) -> Iterator[FailureGroup]:
    yield from _column(facts, "logging_policy", facts.logging.name, facts.logging_column)
    for name in facts.targets:
        yield from _column(facts, "target_policy", name, facts.target_columns.get(name))
    yield from _column(facts, "judge", None, facts.judge)
    yield from _column(facts, "judge", ORACLE_JUDGE, facts.asked_labels)


def _column(facts: RunFacts, stage: str, policy: str | None, column: Column | None) -> Iterator[FailureGroup]:
    if column is None:
        return
    counts = code_counts(column)
    for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        rows = np.flatnonzero(equals(column.codes, code))[: thresholds.EXAMPLES]
        yield group(stage, policy, code, count, tuple(str(i) for i in facts.rows.row_ids[rows]))


def code_counts(column: Column) -> Mapping[str, int]:
    """Return how many cells carry each code; a label that was never asked for has none."""
    return Counter(str(code) for code in column.codes[~column.ok] if code is not None)
