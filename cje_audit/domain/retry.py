"""Asking again for what failed: what would be asked, and what was."""

from pydantic import Field

from cje_audit.domain.part import Part


class RetryChoice(Part):
    """Which failed questions, or cells of an import, are asked again: all that fit every given word."""

    stage: str | None = None
    code: str | None = None
    policy: str | None = None
    row: str | None = None


class RetryPlan(Part):
    """What a retry would ask, before anything is sent. `sentence` is printed as it is.

    `n_in_vain` of the `n` questions failed with a code that asking again does not change by itself; `stages` run again.
    """

    run: str
    n: int
    n_in_vain: int
    by_code: dict[str, int] = Field(default_factory=dict)
    stages: tuple[str, ...] = ()
    sentence: str


class RetriedCell(Part):
    """One question that was asked again: when, about which row, and whether it has an answer now."""

    at: str
    row_id: str
    stage: str
    policy: str | None
    code: str
    recovered: bool | None


class RetriedPage(Part):
    """One page of the questions that were asked again, the latest retry first, and how many there are in all."""

    total: int
    n_recovered: int
    rows: tuple[RetriedCell, ...]
