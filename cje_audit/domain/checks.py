"""A check and its outcome: status, value against threshold, the rows it is about, and what to do."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


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


class Check(BaseModel):
    """One check of one run (and policy, where it is about one).

    `value` and `threshold` are in the unit the sentence names; both are None where nothing was measured.
    `example_ids` are row ids, at most twenty; `n_affected` counts them all.
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
