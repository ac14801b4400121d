"""Everything the report is made of, as plain arrays and domain types: no table, no file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from cje_audit.checks.dataset import DatasetFacts
from cje_audit.checks.frame import Bools, Column, Floats, Ints, PolicyFacts, Rows
from cje_audit.checks.weight_checks import Pairing, pair
from cje_audit.domain.backups import BackupUse
from cje_audit.domain.outcome import DecisionRule
from cje_audit.domain.pilot import PilotSize
from cje_audit.domain.repair import Snapshot
from cje_audit.numerics.anytime import look_level
from cje_audit.numerics.arrays import Pair
from cje_audit.numerics.draw_noise import DrawNoise
from cje_audit.numerics.folds import hash_folds
from cje_audit.numerics.projection import Levels, levels_of
from cje_audit.report.calibrated import Calibrated, calibrate, prompt_keys


@dataclass(frozen=True, eq=False)
class FreshDraws:
    """Judged responses a policy wrote itself: the truth to hold its estimate against.

    `judge` and `oracle` are float64 (m,), NaN where missing; `cluster` int64 (m,), one number per prompt.
    """

    judge: Floats
    oracle: Floats
    cluster: Ints
    source: str = "fresh draws"

    @property
    def both(self) -> Bools:
        """Mark the draws with a score and a label, bool (m,)."""
        return ~np.isnan(self.judge) & ~np.isnan(self.oracle)


@dataclass(frozen=True, eq=False)
class StageFacts:
    """Counts and duration of one stage; None where it has not run."""

    name: str
    n_in: int | None
    n_ok: int | None
    n_failed: int | None
    seconds: float | None


@dataclass(frozen=True, eq=False)
class TextFigures:
    """What was measured on the texts beside the rows.

    `prompt_chars` is int64 (n,); `repetition` float64 (n,), the share of a response's four-word sequences that stood
    in it before, NaN where not measured.
    """

    prompt_chars: Ints
    repetition: Floats


@dataclass(frozen=True)
class UnitCost:
    """What one judged fresh response costs, in the price table's currency; None, and why, where that is not known.

    `row` is what one more logged row costs: written by the logging policy, judged, and scored under both policies.
    """

    cost: float | None
    why_not: str | None
    row: float | None = None


@dataclass(frozen=True, eq=False)
class RunFacts:
    """One run: rows, columns, and what is known beside them.

    `targets` names every declared target policy in order; `target_columns` may lack those never scored. `scale` is the
    judge's declared scale. `asked_labels` are those of a second judge, failures included. `oracle_scale` is the labels'
    own; without it the judge's is taken if all labels lie on it. `estimators`, `wanted_reward` and `log_ratio_clip`
    (nats) are what the experiment asks for;
    with `clip_around_quantile` it clips about the 75th percentile of a policy's log ratios, not about 0.
    `decision_rule` was fixed before the run, `pilot` says that the rows are only a part; `unit_costs` are by policy,
    as are `token_counts`, float64 (n,): over how many tokens a log-prob sums, NaN where unknown. `judge_noise`
    is None where the judge was asked once per row. In `skip_stages` a failed cell takes its row out for every policy.
    `retries` is what stood before each time failed cells were asked again, oldest first; `rescored` says who was asked
    for an import's cells, or why nobody was. `backups` counts what backup endpoints answered.
    """

    rows: Rows
    logging: PolicyFacts
    logging_column: Column | None
    targets: Mapping[str, PolicyFacts]
    target_columns: Mapping[str, Column]
    judge: Column | None
    oracle: Column | None
    scale: Pair
    dataset: DatasetFacts
    stages: tuple[StageFacts, ...]
    fresh_draws: Mapping[str, FreshDraws] = field(default_factory=dict)
    oracle_scale: Pair | None = None
    asked_labels: Column | None = None
    estimators: tuple[str, ...] = ("auto",)
    wanted_reward: str | None = None
    log_ratio_clip: float | None = None
    clip_around_quantile: bool = False
    decision_rule: DecisionRule | None = None
    pilot: PilotSize | None = None
    unit_costs: Mapping[str, UnitCost] = field(default_factory=dict)
    token_counts: Mapping[str, Floats] = field(default_factory=dict)
    asked_again: Mapping[str, Bools] = field(default_factory=dict)
    judge_noise: DrawNoise | None = None
    skip_stages: frozenset[str] = frozenset()
    texts: TextFigures | None = None
    retries: tuple[Snapshot, ...] = ()
    rescored: tuple[str, ...] = ()
    backups: tuple[BackupUse, ...] = ()

    @cached_property
    def score_levels(self) -> Levels | None:
        """The rank of each row's judge score, 0 where there is none; computed once, for calibrated weights."""
        if self.judge is None or not self.judge.n_ok:
            return None
        found = levels_of(self.judge.values[self.judge.ok])
        if self.judge.n_ok == self.rows.n:
            return found
        place = np.zeros(self.rows.n, dtype=np.int64)
        place[self.judge.ok] = found.place
        return Levels(place, found.n)

    @cached_property
    def label_scale(self) -> Pair | None:
        """The scale of the oracle labels, None where it is unknown."""
        if self.oracle_scale is not None or self.oracle is None or not self.oracle.n_ok:
            return self.oracle_scale
        labels = self.oracle.values[self.oracle.ok]
        return self.scale if self.scale[0] <= labels.min() and labels.max() <= self.scale[1] else None

    @cached_property
    def fold(self) -> Ints:
        """Each row's fold, by a hash of its prompt id, int64 (n,); computed once."""
        return hash_folds(prompt_keys(self.rows))

    @cached_property
    def calibrated(self) -> Calibrated | None:
        """The calibrated reward, None where there is nothing to fit; computed once."""
        return calibrate(self.rows, self.fold, self.judge, self.oracle)

    @property
    def whole(self) -> float:
        """The part of the planned rows that is in: 1, but for a pilot."""
        return 1.0 if self.pilot is None else min(self.pilot.n / self.pilot.n_total, 1.0)

    def made_at(self, level: float) -> float:
        """Return the level an interval is made at so that it holds at `level`: stricter while rows are to come."""
        return look_level(self.whole, level)

    def tokens(self, policy: str) -> Floats:
        """Return over how many tokens a policy's log-probs sum; without its own count, that of the response."""
        own = self.token_counts.get(policy)
        return self.rows.response_tokens if own is None else np.where(np.isnan(own), self.rows.response_tokens, own)

    def reward(self, name: str) -> Column | None:
        """Return the column behind a reward name (`judge`, `calibrated` or `oracle`)."""
        if name == "calibrated":
            return None if self.calibrated is None else self.calibrated.column
        return {"judge": self.judge, "oracle": self.oracle}[name]

    def reward_scale(self, name: str) -> Pair | None:
        """Return the scale of a reward."""
        return self.scale if name == "judge" else self.label_scale

    @cached_property
    def pairings(self) -> dict[str, Pairing]:
        """Each scored target policy's log-probs paired with the logging policy's, and their weights; computed once."""
        if self.logging_column is None:
            return {}
        scored = {name: self.target_columns[name] for name in self.targets if name in self.target_columns}
        return {name: pair(self.rows, self.targets[name], self.logging_column, c) for name, c in scored.items()}

    def has_weight(self, policy: str) -> Bools:
        """Mark rows with both log-probs of a target policy, bool (n,)."""
        paired = self.pairings.get(policy)
        return np.zeros(self.rows.n, dtype=bool) if paired is None else paired.both

    def log_ratio(self, policy: str) -> Floats:
        """Return target − logging in nats, NaN where either is missing, float64 (n,)."""
        paired = self.pairings.get(policy)
        if paired is not None and len(paired.ratio) == self.rows.n:
            return paired.ratio
        laid = np.full(self.rows.n, np.nan)
        if paired is not None:
            laid[paired.both] = paired.ratio
        return laid
