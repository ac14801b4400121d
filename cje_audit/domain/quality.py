"""Figures of quality: what the texts and log-probs of a run look like, each with its distribution and denominators."""

from typing import Literal

from cje_audit.domain.checks import CheckStatus
from cje_audit.domain.part import Part

Figure = Literal[
    "template_tokens", "role_markers", "runaway", "truncation", "repetition", "response_length", "response_tokens",
    "prompt_length", "margin",
]  # fmt: skip


class Spread(Part):
    """Quantiles, ends and mean of a measured figure, in its unit."""

    min: float
    p05: float
    p50: float
    p95: float
    max: float
    mean: float


class Distribution(Part):
    """How often a figure has which value, over `sum(counts)` rows.

    Numbers have `edges`, one more than `counts`; the first and the last bin also hold what lies beyond them. Kinds
    have `labels`, one per count.
    """

    unit: str
    counts: tuple[int, ...]
    edges: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    spread: Spread | None = None


class QualityFigure(Part):
    """One figure of quality: measured on `n` of `n_total` rows, of which `n_affected` have the flaw.

    `status` is that of the check which judges the figure, None where none does. `metrics` are its numbers as a
    manifest's `qc_metrics` names them.
    """

    name: Figure
    policy: str | None = None
    status: CheckStatus | None
    check: str | None
    sentence: str
    n: int
    n_total: int
    n_affected: int | None = None
    metrics: dict[str, float | None]
    distribution: Distribution | None = None
    example_ids: tuple[str, ...] = ()
