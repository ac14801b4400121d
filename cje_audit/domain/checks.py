"""A check and its outcome: status, value against threshold, the rows it is about, and what to do."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from cje_audit.domain import moments


class CheckStatus(StrEnum):
    """`not_evaluated` says why and never reads as a pass."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    NOT_EVALUATED = "not_evaluated"


class Verdict(StrEnum):
    """What may be said about one policy."""

    REPORT = "report"
    RANK_ONLY = "rank_only"
    REFUSE = "refuse"
    NOT_EVALUATED = "not_evaluated"


STAGES = ("dataset", "logging_policy", "target_policy", "judge", "estimation")

SEVERITY = {CheckStatus.PASS: 0, CheckStatus.NOT_EVALUATED: 1, CheckStatus.WARN: 2, CheckStatus.FAIL: 3}


class Override(BaseModel):
    """A failing check that a person set aside. `reason` is None where a text was redacted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: str
    policy: str | None = None
    by: str
    at: str
    reason: str | None

    @property
    def sentence(self) -> str:
        """Who set the check aside, when and why, in one sentence that is printed everywhere as it is.

        Examples
        --------
        >>> Override(check="judge.range", by="Ada", at="2026-01-01T00:00:00Z", reason="known fault").sentence
        'The failing check judge.range was overridden by Ada on 2026-01-01 at 00:00 UTC, because: known fault'
        """
        about = f" of {self.policy}" if self.policy else ""
        why = "." if self.reason is None else f", because: {self.reason}"
        return f"The failing check {self.check}{about} was overridden by {self.by} on {moments.told(self.at)}{why}"


class Check(BaseModel):
    """One check of one run (and policy, where it is about one).

    `value` and `threshold` are in the unit the sentence names; both are None where nothing was measured.
    `example_ids` are row ids, at most twenty; `n_affected` counts them all. An `override` leaves status and value as
    they are; only the verdicts are decided without the check.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    id: str
    policy: str | None = None
    status: CheckStatus
    value: float | None = None
    threshold: float | None = None
    n_affected: int | None = None
    sentence: str
    what_to_do: str | None = None
    example_ids: tuple[str, ...] = ()
    override: Override | None = None

    @property
    def stage(self) -> str:
        """The stage this check belongs to.

        Examples
        --------
        >>> Check(id="judge.scored", status=CheckStatus.PASS, sentence="All rows have a score.").stage
        'judge'
        """
        return self.id.split(".", 1)[0]


def worst(statuses: list[CheckStatus]) -> CheckStatus:
    """Return the most severe status; of none at all, `not_evaluated`.

    Examples
    --------
    >>> str(worst([CheckStatus.PASS, CheckStatus.WARN]))
    'warn'
    >>> str(worst([CheckStatus.PASS, CheckStatus.NOT_EVALUATED]))
    'pass'
    """
    told = [s for s in statuses if s is not CheckStatus.NOT_EVALUATED]
    if not told:
        return CheckStatus.NOT_EVALUATED
    return max(told, key=lambda s: SEVERITY[s])
