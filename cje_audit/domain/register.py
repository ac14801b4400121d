"""The register of findings: what is wrong with a run, how grave it is, and what people decided about it."""

from typing import Literal

from cje_audit.domain.part import Part

Severity = Literal["critical", "high", "medium", "low"]
FindingStatus = Literal["open", "done", "deferred", "partial", "accepted"]
Source = Literal["check", "reviewer", "person"]

SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
STATUSES: tuple[FindingStatus, ...] = ("open", "done", "deferred", "partial", "accepted")


class RegisterEntry(Part):
    """One finding as it stands now.

    `id` names it within the runs of the same name on the same data, `key` everywhere. `present` says whether what
    opened it still holds in this run. `decision`, `decided_by` and `decided_at` are those of the newest change.
    """

    id: str
    key: str
    severity: Severity
    status: FindingStatus
    title: str
    evidence: str
    source: Source
    opened_by: str | None = None
    opened_at: str | None = None
    check: str | None = None
    policy: str | None = None
    row_ids: tuple[str, ...] = ()
    effort: str | None = None
    decision: str | None = None
    decided_by: str | None = None
    decided_at: str | None = None
    present: bool = True


class Register(Part):
    """Every finding about a run, gravest first, those still open before the others."""

    run: str
    name: str
    sentence: str
    findings: tuple[RegisterEntry, ...]


class Proposal(Part):
    """A finding as a review model or a person puts it; `about` are check ids, `CHECK:POLICY` or policy names."""

    title: str
    severity: Severity
    evidence: str
    about: tuple[str, ...] = ()
    effort: str | None = None
