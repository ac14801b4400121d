"""The register of findings, put together from the checks of a run and the audit trail; and written out."""

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.domain.register import SEVERITIES, Register, RegisterEntry
from cje_audit.domain.report import Report
from cje_audit.report.estimates_csv import cell
from cje_audit.report.findings import finding, finding_id

OPEN = ("open", "partial", "deferred")
COLUMNS = (
    "id", "key", "severity", "status", "title", "evidence", "source", "check", "policy", "row_ids", "opened_by",
    "opened_at", "effort", "decision", "decided_by", "decided_at", "present",
)  # fmt: skip
GONE = "The check no longer speaks in this run."


@dataclass(frozen=True)
class Entry:
    """What the audit trail says about a finding: who opened it, or gave it another status, when and why."""

    id: str
    kind: str
    by: str
    at: str
    reason: str | None
    document: Mapping[str, str]


def lineage(report: Report) -> str:
    """Return what a run shares with its re-runs: its name and its data."""
    return f"{report.run.name}\n{report.run.data_hash or report.run.id}"


def key_of(finding: str, lineage_: str) -> str:
    """Return 12 hex digits that name a finding among all runs, the same on every re-run.

    Examples
    --------
    >>> key_of("estimation.ess:near", "rows") == key_of("estimation.ess:near", "rows")
    True
    """
    return hashlib.sha256(f"{finding}\n{lineage_}".encode()).hexdigest()[:12]


def register_of(report: Report, entries: Sequence[Entry]) -> Register:
    """Return the register; `entries` are those of this run and its re-runs, oldest first."""
    belongs = lineage(report)
    found = {f.id: f for f in _of_checks(report, belongs)}
    for entry in entries:
        if entry.kind == "finding":
            found.setdefault(entry.id, _opened(entry, belongs))
        else:
            known = found.get(entry.id) or _gone(entry, belongs)
            found[entry.id] = _decided(known, entry)
    rows = sorted(found.values(), key=lambda f: (f.status not in OPEN, SEVERITIES.index(f.severity), f.id))
    return Register(run=report.run.id, name=report.run.name, sentence=_sentence(rows), findings=tuple(rows))


def _of_checks(report: Report, belongs: str) -> Iterable[RegisterEntry]:
    for check in report.checks():
        if check.status in (CheckStatus.FAIL, CheckStatus.WARN):
            yield _of_check(check, belongs)


def _of_check(check: Check, belongs: str) -> RegisterEntry:
    told = finding(check)
    return RegisterEntry.model_validate(
        {
            "id": told.id, "key": key_of(told.id, belongs), "severity": told.severity, "status": "open",
            "title": told.title, "evidence": told.evidence, "source": "check", "opened_by": "check", "check": check.id,
            "policy": check.policy, "row_ids": check.example_ids,
        }
    )  # fmt: skip


def _opened(entry: Entry, belongs: str) -> RegisterEntry:
    document = entry.document
    return RegisterEntry.model_validate(
        {
            "id": entry.id, "key": key_of(entry.id, belongs), "status": "open", "opened_by": entry.by,
            "opened_at": entry.at, "severity": document["severity"], "title": document["title"],
            "evidence": entry.reason or "", "source": document["source"], "effort": document.get("effort"),
            "check": document.get("check"), "policy": document.get("policy"),
        }
    )  # fmt: skip


def _gone(entry: Entry, belongs: str) -> RegisterEntry:
    """Return a finding that was decided on in an earlier run and whose check does not speak in this one."""
    check, _, policy = entry.id.partition(":")
    return RegisterEntry.model_validate(
        {
            "id": entry.id, "key": key_of(entry.id, belongs), "status": "open", "severity": entry.document["severity"],
            "title": entry.document["title"], "evidence": GONE, "source": "check", "check": check,
            "policy": policy or None, "present": False,
        }
    )  # fmt: skip


def _decided(known: RegisterEntry, entry: Entry) -> RegisterEntry:
    changed = {
        "status": entry.document["status"], "decision": entry.reason, "decided_by": entry.by, "decided_at": entry.at,
        "effort": entry.document.get("effort") or known.effort,
    }  # fmt: skip
    return RegisterEntry.model_validate(known.model_dump() | changed)


def _sentence(rows: Sequence[RegisterEntry]) -> str:
    if not rows:
        return "Nothing was found: every check passed or had nothing to say, and nobody added a finding."
    left = [row for row in rows if row.status in OPEN]
    by_severity = ", ".join(f"{n} {s}" for s in SEVERITIES if (n := sum(row.severity == s for row in left)))
    of = f"{len(left)} of {len(rows)} findings" if len(rows) > 1 else f"{len(left)} of 1 finding"
    return f"{of} still to be settled{f': {by_severity}' if by_severity else ''}."


def named(report: Report, about: str) -> tuple[str | None, str | None]:
    """Return check and policy that a reference names, (None, None) where the run has nothing called so."""
    for check in report.checks():
        if about in (check.id, finding_id(check)):
            return check.id, None if about == check.id else check.policy
    return None, next((p.name for p in report.policies if p.name == about), None)


def as_csv(register: Register) -> str:
    """Return one line per finding; no cell of text can be a formula."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\r\n")
    lines.writerow(COLUMNS)
    for row in register.findings:
        values = row.model_dump() | {"row_ids": " ".join(row.row_ids), "present": "yes" if row.present else "no"}
        lines.writerow(["" if values[c] is None else cell(str(values[c])) for c in COLUMNS])
    return out.getvalue()


def as_markdown(register: Register) -> str:
    """Return the register as Markdown; what strangers wrote stands in it as text."""
    head = f"# Findings about {literal(register.name)}\n\nRun `{register.run}`. {register.sentence}\n"
    return "\n".join([head, *(_section(row) for row in register.findings)])


def _section(row: RegisterEntry) -> str:
    decided = f"Decision of {literal(row.decided_by or '')} at {row.decided_at}: {literal(row.decision or '')}"
    facts = [
        f"**{row.severity}**, **{row.status}**, opened by {literal(row.opened_by or row.source)} ({row.source})",
        f"id `{literal(row.id)}`, key `{row.key}`",
        f"Effort: {literal(row.effort)}" if row.effort else None,
        decided if row.decided_by else None,
    ]  # fmt: skip
    listed = "\n".join(f"- {fact}" for fact in facts if fact)
    return f"## {literal(row.title)}\n\n{literal(row.evidence)}\n\n{listed}\n"


def literal(text: str) -> str:
    r"""Return untrusted text on one line so that Markdown shows it and renders nothing in it.

    Examples
    --------
    >>> literal("a\n# b <x> [y](z)")
    'a \\# b \\<x\\> \\[y\\]\\(z\\)'
    """
    line = " ".join(text.split())
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()<>#|!~" else sign for sign in line)
