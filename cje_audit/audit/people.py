"""What people decide about a run: notes, reveals and sign-off, each with a name, a time and a reason."""

from collections.abc import Sequence
from dataclasses import dataclass

from cje_audit.audit.overriding import subject
from cje_audit.domain.checks import Check, Verdict
from cje_audit.domain.errors import InputError, NotFound
from cje_audit.domain.report import Estimate, Report, SignOff
from cje_audit.domain.views import Decision, Reveal
from cje_audit.store.decisions import DecisionRecord, Decisions
from cje_audit.store.workspace import iso

LONGEST_NAME = 120
LONGEST_TEXT = 4000
STATES = {"approve": "approved", "reject": "rejected"}
INNER = ("first_report_hash",)  # of an entry's document: for the engine alone
CHANGING = ("reveal", "override")
ABOUT = ("run", "policy:NAME", "check:ID", "row:ID")


def written(text: str | None, what: str, longest: int) -> str:
    """Return what a person wrote without surrounding blanks.

    Raises
    ------
    InputError
        When it is empty, too long, or holds characters that cannot be seen.

    Examples
    --------
    >>> written("  Ada ", "a name", 120)
    'Ada'
    """
    kept = (text or "").strip()
    if not kept:
        raise InputError(
            f"A decision needs {what}, and none was given.", expected=what, what_to_do=f"Write {what} and try again."
        )
    if len(kept) > longest:
        raise InputError(
            f"{what.capitalize()} may hold {longest:,} characters, and this one holds {len(kept):,}.",
            expected=f"at most {longest:,} characters", got=f"{len(kept):,}", what_to_do="Write it shorter.",
        )  # fmt: skip
    if any(not (sign.isprintable() or sign in "\n\t") for sign in kept):
        raise InputError(f"{what.capitalize()} holds characters that cannot be seen.", what_to_do="Type it again.")
    return kept


@dataclass(frozen=True)
class People:
    """The decisions about one run; `report` is None while it has none, `role` where there are no accounts."""

    trail: Decisions
    run: str
    report: Report | None
    role: str | None = None

    def note(self, text: str, on: str, by: str) -> Decision:
        """Store a note on the run, a policy, a check or a row; whether a row exists is the caller's to know."""
        subject = self._known(on.strip())
        return self._append("note", by=by, subject=subject, reason=written(text, "a text", LONGEST_TEXT))

    def _known(self, on: str) -> str:
        kind, _, name = on.partition(":")
        if on == "run" or (kind == "row" and name):
            return on
        report = self.finished()
        known = {"policy": {p.name for p in report.policies}, "check": {c.id for c in report.checks()}}
        if kind not in known or not name:
            raise InputError(
                f"A note cannot stand on {on!r}.", expected=", ".join(ABOUT), got=on, what_to_do="Name one of these."
            )
        if name not in known[kind]:
            raise NotFound(f"This run has no {kind} {name!r}.", expected=", ".join(sorted(known[kind])), got=name)
        return on

    def reveal(self, policy: str, reason: str, by: str) -> Decision:
        """Let the estimates of a refused policy be shown, by name and for a reason.

        Raises
        ------
        NotFound
            When the run has no such policy.
        InputError
            When there is nothing to reveal, or the name or the reason is empty.
        """
        report = self.finished()
        found = report.policy(policy)
        if found is None:
            names = ", ".join(p.name for p in report.policies)
            raise NotFound(f"This run has no policy {policy!r}.", expected=names, got=policy)
        if found.verdict is Verdict.NOT_EVALUATED or not revealed_estimates(found.estimates):
            raise InputError(
                f"Nothing was computed for {policy}, so there is no number to reveal.", what_to_do=found.next_step
            )
        if found.verdict is not Verdict.REFUSE:
            raise InputError(f"The numbers of {policy} are not refused; they are shown already.")
        told = written(reason, "a reason", LONGEST_TEXT)
        return self._append("reveal", by=by, subject=policy, reason=told, report_hash=report.report_hash())

    def override(self, check: Check, reason: str, by: str, *, first_hash: str) -> Decision:
        """Set a failing check aside, by name and for a reason; `first_hash` names the report the stages gave."""
        told = written(reason, "a reason", LONGEST_TEXT)
        return self._append(
            "override", by=by, subject=subject(check), reason=told,
            report_hash=self.finished().report_hash(), first_report_hash=first_hash,
        )  # fmt: skip

    def sign(self, decision: str, by: str, note: str | None, seen: str | None) -> Decision:
        """Approve or reject exactly the present report; `seen` is the hash of the report the person looked at.

        Raises
        ------
        InputError
            When the decision is neither, the name is empty, or another report was looked at.
        """
        present = self.finished().report_hash()
        if decision not in STATES:
            raise InputError(
                f"A report cannot be signed with {decision!r}.",
                expected="approve or reject", got=decision, what_to_do="Choose approve or reject.",
            )  # fmt: skip
        if seen is not None and seen != present:
            raise InputError(
                "The report changed after it was opened, so it was not signed.", what_to_do="Read it again."
            )
        told = written(note, "a note", LONGEST_TEXT) if note and note.strip() else None
        return self._append("sign", by=by, subject=None, reason=told, decision=decision, report_hash=present)

    def finished(self) -> Report:
        """Return the report that is decided on.

        Raises
        ------
        NotFound
            When the run has none yet.
        """
        if self.report is None:
            raise NotFound("This run has no report yet to decide on.", what_to_do="Wait until it has ended.")
        return self.report

    def _append(self, kind: str, *, by: str, subject: str | None, reason: str | None, **document: str) -> Decision:
        name = written(by, "a name", LONGEST_NAME)
        document |= {} if self.role is None else {"role": self.role}
        return view(self.trail.append(self.run, kind, by=name, subject=subject, reason=reason, document=document))


def view(record: DecisionRecord) -> Decision:
    """Return an entry of the audit trail as pages and commands show it."""
    return Decision.model_validate(
        {
            "id": record.id, "run": record.run, "at": iso(record.at), "kind": record.kind, "by": record.by,
            "subject": record.subject, "reason": record.reason,
            **{k: v for k, v in record.document.items() if k not in INNER},
        }
    )  # fmt: skip


def reveals(entries: Sequence[DecisionRecord], report: Report) -> dict[str, Reveal]:
    """Return, by policy, who first let the numbers of the present report be shown, and why."""
    present = report.report_hash()
    shown = [e for e in entries if e.kind == "reveal" and not e.imported and e.document.get("report_hash") == present]
    return {
        e.subject: Reveal(policy=e.subject, by=e.by, at=iso(e.at), reason=e.reason)
        for e in shown
        if e.subject is not None and e.reason is not None
    }


def revealed_estimates(estimates: Sequence[Estimate]) -> tuple[Estimate, ...]:
    """Return the estimates that hold a number."""
    return tuple(e for e in estimates if e.value is not None)


def sign_off(entries: Sequence[DecisionRecord], report: Report) -> SignOff:
    """Return the newest sign-off; void when the report is another by now, or a number was revealed afterwards.

    `entries` are newest first.
    """
    newest = next((e for e in entries if e.kind == "sign" and not e.imported), None)
    if newest is None:
        return SignOff()
    signed = newest.document.get("report_hash")
    later = any(e.kind in CHANGING and e.id > newest.id for e in entries)
    state = "void" if later or signed != report.report_hash() else STATES[newest.document["decision"]]
    return SignOff.model_validate(
        {
            "state": state, "by": newest.by, "at": iso(newest.at), "report_hash": signed, "note": newest.reason,
            "role": newest.document.get("role"),
        }
    )  # fmt: skip


def with_sign_off(report: Report, entries: Sequence[DecisionRecord]) -> Report:
    """Return the report with what people signed; nothing that was computed changes, nor does its hash."""
    return report.model_copy(update={"sign_off": sign_off(entries, report)})
