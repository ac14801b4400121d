"""The report `cje-audit/report/1`: the one document that dashboard, command line, HTML and API print."""

from typing import Any, Literal

from pydantic import Field

from cje_audit.domain import moments
from cje_audit.domain.checks import Check, CheckStatus, Override, Verdict
from cje_audit.domain.curve import CalibrationCurve
from cje_audit.domain.outcome import DecisionReport, FirstTry, Plan, PlanBasis
from cje_audit.domain.part import Pair, Part
from cje_audit.domain.policy import Role, content_hash
from cje_audit.domain.quality import QualityFigure
from cje_audit.domain.repair import Repair

RunState = Literal["queued", "running", "complete", "partial", "failed", "cancelled"]


class RunHeader(Part):
    """Which run this is, and from what it was made."""

    id: str
    name: str
    status: RunState
    created_at: str
    config_hash: str
    data_hash: str | None
    engine_version: str
    git_commit: str | None
    provenance: dict[str, Any] = Field(default_factory=dict)


class Summary(Part):
    """The run in one sentence; `best_policy` is None when nothing may be ranked.

    `ranking` says which policy is probably best and how that was computed; `warnings` what the answer hangs on.
    `numbers` says of how many policies a number may be quoted, `pairs` how many of them may be compared.
    """

    sentence: str
    best_policy: str | None
    ranking: str | None = None
    warnings: tuple[str, ...] = ()
    numbers: str | None = None
    pairs: str | None = None


class StageReport(Part):
    """One stage: how many rows went in, came out, failed, in how many seconds, and its checks."""

    name: str
    status: CheckStatus
    n_in: int | None
    n_ok: int | None
    n_failed: int | None
    seconds: float | None
    checks: tuple[Check, ...] = ()


class LogRatioSummary(Part):
    """Quantiles, mean and standard deviation of the log ratio (target − logging, nats)."""

    min: float
    p05: float
    p50: float
    p95: float
    max: float
    mean: float
    sd: float | None


class Histogram(Part):
    """Counts between edges; one more edge than counts."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


class WeightReport(Part):
    """Diagnostics of one policy's raw importance weights, before any transform.

    A number that float64 cannot hold (a mean weight of e^900, say) is None.
    """

    mean: float | None
    mean_ci: Pair | None
    ess: float | None
    ess_fraction: float | None
    max_share: float | None
    top5_share: float | None
    hill_alpha: float | None
    pareto_khat: float | None
    sqrt_overlap: float | None
    typicality: float | None
    n_clipped: int
    log_ratio: LogRatioSummary | None
    histogram: Histogram | None


class Estimate(Part):
    """One estimated policy value with its error, on `n_used` of `n_total` things of the kind `counted`.

    Where `n_total` is None they are the policy's rows; estimates from fresh draws count those (too).
    `reason` says why this estimate carries the headline, `interval_reason` why it has this interval.
    """

    estimator: str
    reward: str
    value: float | None
    standard_error: float | None
    interval: Pair | None
    interval_method: str | None
    n_used: int
    missing_bounds: Pair | None
    primary: bool
    note: str | None = None
    reason: str | None = None
    interval_reason: str | None = None
    n_total: int | None = None
    counted: str = "rows"

    def used(self, n_rows: int) -> str:
        """Return what the estimate rests on, of how many; `n_rows` are the policy's rows.

        Examples
        --------
        >>> one = Estimate(estimator="snips", reward="judge", value=0.5, standard_error=None, interval=None,
        ...     interval_method=None, n_used=90, missing_bounds=None, primary=True)
        >>> one.used(1000), one.model_copy(update={"n_total": 120, "counted": "fresh draws"}).used(1000)
        ('90 of 1,000 rows', '90 of 120 fresh draws')
        """
        return f"{self.n_used:,} of {n_rows if self.n_total is None else self.n_total:,} {self.counted}"


class Truth(Part):
    """A policy's value known from outside the estimate (fresh draws), and how far the estimate is from it.

    `combined_standard_error` is √(estimate's² + truth's²); `agrees` means at most three of them apart; `sentence` says
    so.
    """

    reward: str
    value: float
    standard_error: float | None
    n: int
    source: str
    difference: float | None = None
    combined_standard_error: float | None = None
    agrees: bool | None = None
    sentence: str | None = None


class PolicyReport(Part):
    """Everything said about one policy. The sentence is printed byte for byte everywhere.

    `overrides` are the failing checks that were set aside when its verdict was decided.
    """

    name: str
    role: Role
    verdict: Verdict
    sentence: str
    reasons: tuple[str, ...] = ()
    n_total: int
    n_used: int
    n_missing: int
    missing_by_code: dict[str, int] = Field(default_factory=dict)
    weights: WeightReport | None = None
    estimates: tuple[Estimate, ...] = ()
    truths: tuple[Truth, ...] = ()
    next_step: str | None = None
    plan: Plan | None = None
    probability_best: float | None = None
    first_try: FirstTry | None = None
    basis: PlanBasis | None = None
    overrides: tuple[Override, ...] = ()


class Comparison(Part):
    """The difference a − b of two policy values, paired by prompt.

    `p_adjusted` is Holm's (the chance of any false claim), `p_adjusted_bh` Benjamini and Hochberg's (the share of
    false claims). `interval_reason` says how the interval was made where it is not Student's t.
    """

    a: str
    b: str
    difference: float | None
    interval: Pair | None
    p_value: float | None
    p_adjusted: float | None
    adjustment: str | None
    n_pairs: int
    comparable: bool
    sentence: str
    p_adjusted_bh: float | None = None
    interval_reason: str | None = None


class FailureGroup(Part):
    """Rows of one stage and policy that failed with the same code."""

    stage: str
    policy: str | None
    code: str
    count: int
    retryable: bool
    sentence: str
    what_to_do: str
    example_ids: tuple[str, ...] = ()


class SkippedReason(Part):
    """Rows left out for every policy because a cell of this stage and policy failed with this code."""

    stage: str
    policy: str | None
    code: str
    count: int


class SkippedRows(Part):
    """What `on_failure: skip_row` left out: `n` of `n_total` rows, each counted under the cell that failed first."""

    n: int
    n_total: int
    sentence: str
    reasons: tuple[SkippedReason, ...] = ()
    example_ids: tuple[str, ...] = ()


class Finding(Part):
    """Something wrong that a person should decide on."""

    id: str
    severity: str
    status: str
    title: str
    evidence: str
    source: str
    decision: str | None = None
    effort: str | None = None


class SignOff(Part):
    """Whether a named person approved or rejected exactly this report."""

    state: Literal["none", "approved", "rejected", "void"] = "none"
    by: str | None = None
    at: str | None = None
    report_hash: str | None = None
    note: str | None = None
    role: str | None = None

    @property
    def sentence(self) -> str:
        """Who signed what and when, in one sentence that is printed everywhere as it is.

        Examples
        --------
        >>> SignOff().sentence
        'Nobody has signed this report.'
        >>> SignOff(state="approved", by="Ada", at="2026-01-01T09:30:00Z", role="approver").sentence
        'Ada (approver) approved exactly this report on 2026-01-01 at 09:30 UTC.'
        """
        if self.by is None or self.at is None:
            return "Nobody has signed this report."
        who = self.by if self.role is None else f"{self.by} ({self.role})"
        if self.state == "void":
            return f"The sign-off by {who} on {moments.told(self.at)} is void: something changed after it. Sign again."
        return f"{who} {self.state} exactly this report on {moments.told(self.at)}."


class Report(Part):
    """The whole report. `report_hash()` is what people sign."""

    schema_: Literal["cje-audit/report/1"] = Field(default="cje-audit/report/1", alias="schema")
    run: RunHeader
    summary: Summary
    stages: tuple[StageReport, ...]
    policies: tuple[PolicyReport, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    calibration: CalibrationCurve | None = None
    decision: DecisionReport | None = None
    failures: tuple[FailureGroup, ...] = ()
    skipped: SkippedRows | None = None
    repairs: tuple[Repair, ...] = ()
    quality: tuple[QualityFigure, ...] = ()
    findings: tuple[Finding, ...] = ()
    sign_off: SignOff = SignOff()

    def document(self) -> dict[str, Any]:
        """Return the report as plain JSON data."""
        return self.model_dump(mode="json", by_alias=True)

    def report_hash(self) -> str:
        """Return the SHA-256 of the report as canonical JSON without `sign_off`."""
        return content_hash({k: v for k, v in self.document().items() if k != "sign_off"})

    def policy(self, name: str) -> PolicyReport | None:
        """Return the part about one policy, or None."""
        return next((p for p in self.policies if p.name == name), None)

    def checks(self) -> tuple[Check, ...]:
        """Return every check of every stage, in order."""
        return tuple(c for stage in self.stages for c in stage.checks)
