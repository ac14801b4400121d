"""What repairing changed: every estimate before and after damaged values were left out, or failed cells asked again."""

from typing import Literal

from cje_audit.domain.part import Pair, Part


class CellCount(Part):
    """How many cells of one stage and policy have no value, for one reason."""

    stage: str
    policy: str | None
    code: str
    count: int


class Stood(Part):
    """What one estimate said at one time, on `n_used` of `n_total` things of the kind `counted`."""

    policy: str
    estimator: str
    reward: str
    value: float | None
    interval: Pair | None
    n_used: int
    n_total: int
    counted: str


class Snapshot(Part):
    """What stood in a report before failed cells were asked again; refused numbers are not in it."""

    at: str
    cells: tuple[CellCount, ...]
    estimates: tuple[Stood, ...]


class CellChange(Part):
    """Cells of one stage and policy that had no value for one reason, before and after."""

    stage: str
    policy: str | None
    code: str
    missing_before: int
    missing_after: int


class EstimateChange(Part):
    """One estimate before and after; None where there was no number that might be shown.

    `moved` says whether value, interval or rows are others now (numbers by more than rounding, 1e-12).
    """

    policy: str
    estimator: str
    reward: str
    before: Stood | None
    after: Stood | None
    sentence: str
    moved: bool = True


class Repair(Part):
    """One repair. Before is the damage counted in (`left_out`), or the report as it was then (`asked_again`)."""

    act: Literal["left_out", "asked_again"]
    at: str | None
    sentence: str
    cells: tuple[CellChange, ...]
    estimates: tuple[EstimateChange, ...]
    notes: tuple[str, ...] = ()
