"""One dataset as plain arrays before any check, and what the audit says about it."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from cje_audit.checks.dataset import DatasetFacts, check_dataset
from cje_audit.checks.estimation import check_estimation
from cje_audit.checks.faults import audit_column
from cje_audit.checks.frame import Column, Floats, Ints, PolicyFacts, Rows
from cje_audit.checks.identity import identical_policies
from cje_audit.checks.judge import audit_scores, check_judge
from cje_audit.checks.judge_atoms import Evidence
from cje_audit.checks.logging_policy import check_logging_policy
from cje_audit.checks.logprob_column import SHARED, check_logprob_column
from cje_audit.checks.target_policy import check_target_policy
from cje_audit.checks.text_marks import TextMarks
from cje_audit.domain.checks import Check
from cje_audit.report.assemble import run_checks
from cje_audit.report.facts import RunFacts

SCALE = (0.0, 1.0)
GRAVE = {"warn": 1, "fail": 2}


@dataclass
class Raw:
    """Rows and columns, all of shape (n,); `near` is the target policy that is damaged, `other` another one."""

    cluster: Any
    text_key: Any
    chars: Any
    tokens: Floats
    finish: Any
    control: Any
    role: Any
    turn: Any
    loop: Any
    open_end: Any
    base: Floats
    clone: Floats
    near: Floats
    other: Floats
    judge: Floats
    label: Floats

    @property
    def n(self) -> int:
        """How many rows there are."""
        return len(self.base)

    def copy(self) -> "Raw":
        """Return a copy to damage."""
        return replace(self, **{f.name: np.copy(getattr(self, f.name)) for f in fields(self)})

    def take(self, where: Ints) -> "Raw":
        """Return some rows, each with a prompt id of its own."""
        taken = {f.name: getattr(self, f.name)[where].copy() for f in fields(self)}
        return replace(self, **taken | {"cluster": np.arange(len(where))})

    def bootstrap(self, seed: int) -> "Raw":
        """Draw n rows with replacement; every drawn row gets a new prompt id."""
        return self.take(np.random.default_rng(seed).integers(0, self.n, self.n))

    def sample(self, n: int, seed: int) -> "Raw":
        """Draw n rows without replacement, in the order they had."""
        where = np.random.default_rng(seed).choice(self.n, n, replace=False)
        return self.take(np.sort(where))

    def rows(self) -> Rows:
        """Return the rows as the checks see them."""
        nobody = np.zeros(self.n, dtype=bool)
        ids = np.array([f"r{i}" for i in range(self.n)], dtype=object)
        return Rows(ids, self.cluster, self.text_key, self.chars, self.tokens, ~nobody, nobody, self.finish)


TARGETS = ("clone", "near", "other")
ROWS = ("text_key", "chars", "tokens")


def facts_of(raw: Raw) -> RunFacts:
    """Return the run that an import of these arrays would be."""
    return Audit(raw).facts()


class Audit:
    """What the audit says of one dataset; columns are looked at when they are asked for, once."""

    def __init__(self, raw: Raw, before: "Audit | None" = None) -> None:
        """`before` is the audit of the same rows before they were damaged: columns that are the same are taken over."""
        self.raw, self.frame = raw, raw.rows()
        self._columns: dict[str, Column] = {}
        self._said: dict[tuple[str, ...], dict[tuple[str, str | None], int]] = {}
        self._before = before if before is not None and self._same(before, *ROWS) else None

    def _same(self, before: "Audit", *names: str) -> bool:
        mine, theirs = self.raw, before.raw
        pairs = ((getattr(mine, name), getattr(theirs, name)) for name in names)
        return all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in pairs)

    def column(self, name: str) -> Column:
        """Return one checked log-prob column."""
        if name not in self._columns:
            known = self._before is not None and self._same(self._before, name)
            self._columns[name] = self._before.column(name) if known else self._audited(name)  # type: ignore[union-attr]
        return self._columns[name]

    def _audited(self, name: str) -> Column:
        return audit_column(self.frame, getattr(self.raw, name).copy(), self._no_codes())

    def judge(self) -> Column:
        """Return the checked scores, held against what an import holds them against."""
        if "judge" not in self._columns:
            known = self._before is not None and self._same(self._before, "judge", "label", "base")
            self._columns["judge"] = self._before.judge() if known else self._judged()  # type: ignore[union-attr]
        return self._columns["judge"]

    def _judged(self) -> Column:
        chars = np.where(self.raw.chars > 0, self.raw.chars, np.nan)
        evidence = Evidence((self.raw.label, self.column("base").values / chars, chars))
        return audit_scores(self.frame, self.raw.judge.copy(), self._no_codes(), SCALE, evidence)

    def labels(self) -> Column:
        """Return the labels."""
        return Column(self.raw.label, np.where(np.isnan(self.raw.label), "no_score", None), self.raw.label)

    def dataset(self) -> DatasetFacts:
        """Return what happened on the way in."""
        raw = self.raw
        marks = TextMarks(raw.control, raw.role, raw.turn, raw.loop)
        return DatasetFacts(raw.n, unfinished=raw.open_end, marks=marks)

    def facts(self) -> RunFacts:
        """Return the whole run."""
        return RunFacts(
            rows=self.frame, logging=PolicyFacts("base", "logging"), logging_column=self.column("base"),
            targets={name: _policy(name) for name in TARGETS},
            target_columns={name: self.column(name) for name in TARGETS}, judge=self.judge(), oracle=self.labels(),
            scale=SCALE, dataset=self.dataset(), stages=(), token_counts=dict.fromkeys(TARGETS, self.raw.tokens),
        )  # fmt: skip

    def checks(self) -> list[Check]:
        """Return every check."""
        return run_checks(self.facts())

    def said(self, ids: tuple[str, ...]) -> dict[tuple[str, str | None], int]:
        """Return how gravely each of these checks speaks, looked at once."""
        if ids not in self._said:
            self._said[ids] = statuses(self.checks_about(ids), ids)
        return self._said[ids]

    def checks_about(self, ids: Iterable[str]) -> list[Check]:
        """Return the checks of the stages these ids belong to, of the damaged policy alone: the same, but sooner.

        All checks where an id is of none of these, such as `judge.calibration`, which needs the weights.
        """
        wanted: dict[str, set[str]] = {}
        for stage, _, name in (i.partition(".") for i in ids):
            wanted.setdefault(stage, set()).add(name)
        found: list[Check] = []
        for stage, names in sorted(wanted.items()):
            found += self._one_column(stage) if names <= set(SHARED) else getattr(self, f"_{stage}")()
        there = {check.id for check in found}
        complete = all(f"{stage}.{name}" in there for stage, names in wanted.items() for name in names)
        return found if complete else self.checks()

    def _one_column(self, stage: str) -> list[Check]:
        if stage == "logging_policy":
            return check_logprob_column(stage, self.frame, self.column("base"))
        return check_logprob_column(stage, self.frame, self.column("near"), "near", self.column("base"))

    def _dataset(self) -> list[Check]:
        return check_dataset(self.dataset(), self.frame)

    def _logging_policy(self) -> list[Check]:
        return check_logging_policy(self.frame, self.column("base"), PolicyFacts("base", "logging"))

    def _target_policy(self) -> list[Check]:
        own = check_target_policy(self.frame, self.column("base"), self.column("near"), _policy("near"), self.judge())
        facts = {name: _policy(name) for name in TARGETS}
        return [*own, identical_policies({name: self.column(name) for name in TARGETS}, facts)]

    def _judge(self) -> list[Check]:
        return check_judge(self.frame, self.judge(), self.labels(), SCALE)

    def _estimation(self) -> list[Check]:
        columns = {"near": self.column("near")}
        return check_estimation(self.frame, self.column("base"), columns, {"near": _policy("near")}, self.judge())

    def _no_codes(self) -> Any:
        return np.full(self.raw.n, None, dtype=object)


def _policy(name: str) -> PolicyFacts:
    return PolicyFacts(name, "clone" if name == "clone" else "target")


def statuses(checks: Iterable[Check], ids: tuple[str, ...]) -> dict[tuple[str, str | None], int]:
    """Return how gravely these checks speak for the damaged policy: 0 not at all, 1 they warn, 2 they fail."""
    about = (c for c in checks if c.id in ids and c.policy in (None, "near"))
    return {(c.id, c.policy): GRAVE.get(c.status.value, 0) for c in about}
