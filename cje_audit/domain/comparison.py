"""The comparison of two runs: one row per pair of policies, ready to show, and what keeps runs apart."""

from cje_audit.domain.part import Pair
from cje_audit.domain.views import View


class ComparedRun(View):
    """One of the two runs; `label` is A or B."""

    label: str
    id: str
    name: str
    created_at: str


class ComparedPair(View):
    """The difference `a` (of run A) − `b` (of run B), paired by prompt; no number where they are not comparable.

    `value_a` and `value_b` are there where the level may stand. `differs` names what else is different about the two
    policies, in words; it does not forbid the comparison. `interval_reason` says how the interval was made where it is
    not Student's t.
    """

    a: str
    b: str
    comparable: bool
    reward: str | None = None
    value_a: float | None = None
    value_b: float | None = None
    difference: float | None = None
    interval: Pair | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    p_adjusted_bh: float | None = None
    adjustment: str | None = None
    n_pairs: int = 0
    differs: tuple[str, ...] = ()
    interval_reason: str | None = None
    sentence: str


class RunComparison(View):
    """Two runs held against each other. `differs` says in words why they are not comparable; empty where they are."""

    a: ComparedRun
    b: ComparedRun
    comparable: bool
    differs: tuple[str, ...] = ()
    comparisons: tuple[ComparedPair, ...] = ()
    sentence: str
