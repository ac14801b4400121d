"""Read models: what one page or one command shows, ready-made, so that no page counts or computes."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cje_audit.domain import moments
from cje_audit.domain.report import RunState
from cje_audit.domain.roles import UserRole

StageState = Literal["waiting", "running", "done", "failed", "skipped"]
WorkerState = Literal["starting", "alive", "slow", "stalled", "lost", "ended"]


class View(BaseModel):
    """Base of every read model."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class RunRow(View):
    """One line of the list of runs. `verdicts` maps policy to verdict once the run has a report.

    `owner` is the account that launched or imported it, "single user" where there were no accounts, and None for a run
    that is older than this record.
    """

    id: str
    name: str
    kind: Literal["import", "launch"]
    status: RunState
    created_at: str
    age_s: float
    owner: str | None = None
    progress: float | None = None
    sentence: str | None = None
    verdicts: dict[str, str] = Field(default_factory=dict)
    error: str | None = None


class LiveStage(View):
    """One stage while it runs: rows done of rows in all, failed among them, rows per second, seconds left."""

    name: str
    state: StageState
    n_total: int | None = None
    n_done: int | None = None
    n_failed: int | None = None
    n_reused: int | None = None
    rate_per_s: float | None = None
    eta_s: float | None = None
    seconds: float | None = None


class EventRow(View):
    """One thing that happened in a run, in words."""

    at: str
    stage: str | None
    text: str


class LiveView(View):
    """A run as it is this moment. No estimate is shown before the end, on purpose.

    A `worker` that is "slow" gives signs of life, but no model has answered for a while: `answer_age_s` seconds. One
    that is "stalled" gives none. `answer_age_s` is None while no model is being asked.
    """

    run: RunRow
    stages: tuple[LiveStage, ...]
    failures: dict[str, int]
    worker: WorkerState
    heartbeat_age_s: float | None
    answer_age_s: float | None = None
    last_event_age_s: float | None
    n_asked: int
    n_reused: int
    possibly_paid_twice: int
    events: tuple[EventRow, ...]
    final: bool


class FailedCell(View):
    """One failed cell: which row, where, why, and what to do."""

    row_id: str
    stage: str
    policy: str | None
    code: str
    sentence: str
    what_to_do: str
    detail: str | None
    prompt: str | None
    source: str | None = None
    line: int | None = None


class FailurePage(View):
    """One page of failed cells, and how many there are in all under the same filter."""

    total: int
    offset: int
    rows: tuple[FailedCell, ...]


class TokenValue(View):
    """One response token and its log-probability in nats."""

    text: str
    logprob: float


class CellView(View):
    """One measured cell of a row: a log-prob or a score, with its status, code and attempts.

    `before` is the text that the response followed when it was scored: prompt, system prompt and template together.
    `token_log_ratios` (nats, target − logging per token) is there where both policies read the same tokens.
    """

    stage: str
    policy: str | None
    status: Literal["ok", "failed"]
    value: float | None
    code: str | None
    detail: str | None
    raw: str | None = None
    attempts: int | None = None
    tokens: tuple[TokenValue, ...] = ()
    token_log_ratios: tuple[float, ...] = ()
    before: str | None = None


class AttemptView(View):
    """One attempt at asking something about a row; `request` and `response` went over the wire, cut for a page.

    They are None where the raw bodies were not kept; `cut` says that the response was longer than what is shown.
    `endpoint` is who was asked; None in attempts made before this was kept.
    """

    run: str
    stage: str
    policy: str | None
    at: str
    seconds: float | None
    status: Literal["started", "ok", "failed", "lost"]
    code: str | None
    detail: str | None
    request: str | None
    response: str | None
    cut: bool
    endpoint: str | None = None


class RowWeight(View):
    """The row's raw weight under one policy, its log ratio (nats) and its rank from the heaviest."""

    policy: str
    log_ratio: float | None
    weight: float | None
    rank: int | None
    n_ranked: int


class RowView(View):
    """One row with everything known about it."""

    row_id: str
    prompt_id: str
    draw: int
    prompt: str
    response: str | None
    finish_reason: str | None
    source: str | None
    line: int | None
    cells: tuple[CellView, ...]
    weights: tuple[RowWeight, ...]
    oracle_label: float | None


class HeavyRow(View):
    """A row that carries much of a policy's weight."""

    row_id: str
    prompt: str
    weight: float | None
    log_ratio: float
    share: float


class WeightView(View):
    """The weight plots of one policy: complementary distribution of the weights and the heaviest rows.

    `ccdf_log_ratio` (nats, ascending) and `ccdf_share` (share of rows at or above it) have equal length, at most 400.
    `half_weight_rows` is how many rows together hold half of all weight; `half_weight_log_ratio` (nats) is that of the
    lightest of them.
    """

    policy: str
    ccdf_log_ratio: tuple[float, ...]
    ccdf_share: tuple[float, ...]
    heaviest: tuple[HeavyRow, ...]
    half_weight_rows: int | None
    n: int
    half_weight_log_ratio: float | None = None


class Template(View):
    """An example configuration a person can start from."""

    name: str
    title: str
    text: str


class Validation(View):
    """What the schema says of a configuration text: `ok`, or one plain sentence."""

    ok: bool
    sentence: str
    what_to_do: str | None = None
    summary: tuple[str, ...] = ()


class DryRunStage(View):
    """Whether a file holds what one stage needs."""

    stage: str
    ready: bool
    sentence: str


class DryRunFile(View):
    """What one file was taken for, and what it is used for."""

    name: str
    format: str
    sentence: str


class DryRunView(View):
    """What an import would read, before anything is stored."""

    layout: str
    files: tuple[DryRunFile, ...] = ()
    n_rows: int
    n_quarantined: int
    policies: tuple[str, ...]
    columns: tuple[str, ...]
    stages: tuple[DryRunStage, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()


class QuarantinedLine(View):
    """One line that was not imported, and why."""

    source: str
    line: int
    code: str
    reason: str
    excerpt: str


class Decision(View):
    """One entry of the audit trail: who decided what about a run, when and why.

    `subject` is what of the run it is about: a policy for a reveal, a reference such as `row:ID` for a note.
    `report_hash` is the report that was looked at, `role` what the person was allowed to do where accounts exist,
    `until` when a share link ends. An `imported` entry came with a bundle and decides nothing here.
    """

    id: int
    run: str
    at: str
    kind: Literal[
        "note", "reveal", "sign", "override", "share", "revoke", "open", "finding", "finding_status", "preflight"
    ]
    by: str
    subject: str | None
    reason: str | None
    decision: Literal["approve", "reject"] | None = None
    report_hash: str | None = None
    role: str | None = None
    until: str | None = None
    title: str | None = None
    severity: str | None = None
    status: str | None = None
    source: str | None = None
    effort: str | None = None
    check: str | None = None
    policy: str | None = None
    imported: str | None = None


class DecisionPage(View):
    """One page of the audit trail, newest first, and how many entries there are in all."""

    total: int
    offset: int
    rows: tuple[Decision, ...]


class Reveal(View):
    """Who let the numbers of a refused policy be shown, when, and why."""

    policy: str
    by: str
    at: str
    reason: str

    @property
    def sentence(self) -> str:
        """Who let the numbers be shown, when and why, in one sentence that is printed everywhere as it is.

        Examples
        --------
        >>> Reveal(policy="far", by="Bob", at="2026-01-01T09:30:00Z", reason="the board asked").sentence
        'The refused numbers of far are shown: revealed by Bob on 2026-01-01 at 09:30 UTC, because: the board asked'
        """
        told = f"revealed by {self.by} on {moments.told(self.at)}, because: {self.reason}"
        return f"The refused numbers of {self.policy} are shown: {told}"


class ShareLink(View):
    """A share link that was just made: the only time its secret is told, inside `path` and `url`."""

    id: str
    run: str
    by: str
    path: str
    url: str
    expires_at: str


class ShareView(View):
    """A share link as it is listed, without its secret."""

    id: str
    run: str
    by: str
    created_at: str
    expires_at: str
    state: Literal["open", "expired", "revoked"]


class User(View):
    """An account and what it may do."""

    name: str
    role: UserRole
    created_at: str
    single_sign_on: bool


class Act(View):
    """Something a person did, or was not allowed to do. `subject` is mostly a run."""

    id: int
    at: str
    by: str
    act: str
    subject: str | None
    allowed: bool


class ActPage(View):
    """One page of what people did, newest first, and how many acts there are in all."""

    total: int
    offset: int
    rows: tuple[Act, ...]


class EndpointView(View):
    """One endpoint as the asking loop sees it this moment.

    `state`: closed (all is well), open (left alone for a while), probing (one request tries it), stopped (by a code).
    `limit` is how many requests may be in flight, `paced_per_s` how many may leave per second (None: no pace is
    needed), `median_s` how long the last answers took.
    """

    name: str
    state: Literal["closed", "open", "probing", "stopped"]
    in_flight: int
    limit: int
    paced_per_s: float | None
    median_s: float | None
    stopped_by: str | None


class MinuteView(View):
    """One minute of asking: attempts that ended, and those that failed, by code."""

    at: str
    n: int
    failures: dict[str, int]


class MonitorView(View):
    """The failure monitor. `age_s` says how old its facts are; None where the run has not asked anything yet.

    `waiting` counts questions that wait for another try; `retry_after_waits` how often a server named a wait.
    `spent` is in the price table's currency, None where a model has no price.
    """

    run: str
    age_s: float | None = None
    stage: str | None = None
    in_flight: int | None = None
    waiting: int | None = None
    retry_after_waits: int | None = None
    longest_retry_after_s: float | None = None
    spent: float | None = None
    max_cost: float | None = None
    endpoints: tuple[EndpointView, ...] = ()
    slowest: str | None = None
    minutes: tuple[MinuteView, ...] = ()


class FailurePattern(View):
    """What failures with one code have in common, in one sentence, and what to do about it."""

    stage: str
    code: str
    by: Literal["policy", "length", "time"]
    n_failed: int
    sentence: str
    what_to_do: str


class FailureRate(View):
    """How many of a group's attempts failed."""

    by: Literal["code", "provider", "policy", "time", "length"]
    group: str
    n: int
    n_failed: int


class RetryView(View):
    """What a retry did: questions asked again, and those that have an answer now."""

    run: str
    retried: int
    recovered: int


class CostEstimate(View):
    """What a configuration will ask, from the lengths of its rows, before anything is sent.

    Tokens are about one per four bytes of text. `cost` is in the price table's currency, None where a model has no
    price; `unpriced` names those models. `sentence` says it in words.
    """

    n_requests: int
    tokens_in: int
    tokens_out: int
    cost: float | None
    unpriced: tuple[str, ...] = ()
    sentence: str | None = None
