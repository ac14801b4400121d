"""Findings that people and review models open, and what people decide about any finding: entries of the audit trail."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cje_audit.audit.people import LONGEST_NAME, LONGEST_TEXT, written
from cje_audit.domain.errors import InputError, NotFound
from cje_audit.domain.register import SEVERITIES, STATUSES, Proposal, Register, RegisterEntry, Source
from cje_audit.domain.report import Report
from cje_audit.report.register import Entry, lineage, named, register_of
from cje_audit.store.decisions import DecisionRecord, Decisions
from cje_audit.store.workspace import Workspace, iso

OPENED, DECIDED = "finding", "finding_status"
KINDS = (OPENED, DECIDED)
_LONGEST_TITLE = 200


@dataclass(frozen=True)
class Findings:
    """The findings about one run and its re-runs: those of the same name on the same data.

    `role` is what the acting person may do, None where there are no accounts.
    """

    workspace: Workspace
    trail: Decisions
    report: Report
    role: str | None = None

    def register(self) -> Register:
        """Return every finding as it stands now."""
        return register_of(self.report, [_entry(record) for record in self._entries()])

    def _entries(self) -> list[DecisionRecord]:
        belongs = lineage(self.report)
        kin = [r.id for r in self.workspace.all() if f"{r.name}\n{r.data_hash or r.id}" == belongs]
        runs = dict.fromkeys([*kin, self.report.run.id])
        every: Iterable[DecisionRecord] = (e for run in runs for e in self.trail.of_run(run) if e.kind in KINDS)
        return sorted(every, key=lambda e: e.id)

    def open_all(self, proposals: Sequence[Proposal], *, by: str, source: Source) -> None:
        """Add several findings: all of them, or none where one cannot be added."""
        for proposal in proposals:
            self._about(proposal.about)
            written(proposal.title, "a title", _LONGEST_TITLE)
            written(proposal.evidence, "the evidence", LONGEST_TEXT)
        for proposal in proposals:
            self.open(proposal, by=by, source=source)

    def open(self, proposal: Proposal, *, by: str, source: Source) -> RegisterEntry:
        """Add a finding; one that says the same about the same is the same finding and is not added twice.

        Raises
        ------
        InputError
            When title, evidence or name is empty, or the severity is unknown.
        NotFound
            When it is about a check or policy that the run does not have.
        """
        title = written(proposal.title, "a title", _LONGEST_TITLE)
        evidence = written(proposal.evidence, "the evidence", LONGEST_TEXT)
        check, policy = self._about(proposal.about)
        new = new_id(source, title, check, policy)
        known = self._find(new)
        if known is not None:
            return known
        document = {"title": title, "severity": one_of(proposal.severity, SEVERITIES, "severity"), "source": source}
        document |= {k: v for k, v in (("check", check), ("policy", policy), ("effort", proposal.effort)) if v}
        self._append(OPENED, by, new, evidence, document)
        return self._must_find(new)

    def _about(self, about: Sequence[str]) -> tuple[str | None, str | None]:
        for reference in about:
            found = named(self.report, reference)
            if found == (None, None):
                raise NotFound(
                    f"This run has no check and no policy called {reference!r}.",
                    got=reference,
                    what_to_do="Name a check id, CHECK:POLICY or a policy.",
                )
            return found
        return None, None

    def decide(self, finding: str, status: str, *, reason: str, by: str, effort: str | None) -> RegisterEntry:
        """Give a finding another status, by name and for a reason.

        Raises
        ------
        NotFound
            When there is no such finding.
        InputError
            When the status is unknown, or the reason or the name is empty.
        """
        known = self._must_find(finding)
        wanted = one_of(status, STATUSES, "status")
        document = {"status": wanted, "severity": known.severity, "title": known.title}
        if effort and effort.strip():
            document["effort"] = written(effort, "an effort", LONGEST_NAME)
        self._append(DECIDED, by, known.id, written(reason, "a reason", LONGEST_TEXT), document)
        return self._must_find(known.id)

    def _find(self, finding: str) -> RegisterEntry | None:
        return next((f for f in self.register().findings if finding in (f.id, f.key)), None)

    def _must_find(self, finding: str) -> RegisterEntry:
        found = self._find(finding)
        if found is None:
            raise NotFound(f"There is no finding {finding!r}.", got=finding, what_to_do="See the list of findings.")
        return found

    def _append(self, kind: str, by: str, finding: str, reason: str, document: dict[str, str]) -> None:
        name = written(by, "a name", LONGEST_NAME)
        if self.role is not None:
            document = document | {"role": self.role}
        self.trail.append(self.report.run.id, kind, by=name, subject=finding, reason=reason, document=document)


def one_of(given: str, known: Sequence[str], what: str) -> str:
    """Return a word of a closed list.

    Raises
    ------
    InputError
        When it is another.
    """
    if given not in known:
        raise InputError(f"{given!r} is no {what} of a finding.", expected=", ".join(known), got=given)
    return given


def new_id(source: str, title: str, check: str | None, policy: str | None) -> str:
    """Return the id of a finding that no check opened, the same for the same words about the same.

    Examples
    --------
    >>> new_id("person", "Prompts of two months", None, None) == new_id("person", "prompts of  two months", None, None)
    True
    """
    said = "\n".join([" ".join(title.lower().split()), check or "", policy or ""])
    return f"{source}-{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def _entry(record: DecisionRecord) -> Entry:
    return Entry(
        str(record.subject), record.kind, record.by, iso(record.at), record.reason,
        {k: str(v) for k, v in record.document.items()},
    )  # fmt: skip
