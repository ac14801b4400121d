"""Setting failing checks aside: the verdicts are decided again from the stored rows; the first report stays as it is.

The re-decided report lies beside it in `overridden.json`, which can be made again from the audit trail at any time.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cje_audit.checks.verdicts import is_blocking
from cje_audit.domain.checks import Check, CheckStatus, Override
from cje_audit.domain.errors import InputError, NotFound, StoreError
from cje_audit.domain.report import Report
from cje_audit.store.answers import AnswerStore
from cje_audit.store.decisions import DecisionRecord
from cje_audit.store.documents import read_report
from cje_audit.store.files import RunFiles
from cje_audit.store.tables import RunTables
from cje_audit.store.workspace import RunRecord, Workspace, iso

Overrides = dict[tuple[str, str | None], Override]


def of_report(entries: Sequence[DecisionRecord], first: Report) -> Overrides:
    """Return, by check and policy, what people overrode of the report that the run's stages gave.

    `entries` are newest first; the first override of a check stays, and another run of the stages voids them all.
    """
    made = [e for e in entries if e.kind == "override" and e.subject is not None and not e.imported]
    if not made:
        return {}
    present = first.report_hash()
    found = (_override(e) for e in made if e.document.get("first_report_hash") == present)
    return {(o.check, o.policy): o for o in found}


def _override(entry: DecisionRecord) -> Override:
    check, _, policy = str(entry.subject).partition(":")
    return Override(check=check, policy=policy or None, by=entry.by, at=iso(entry.at), reason=entry.reason)


def subject(check: Check) -> str:
    """Return how the audit trail names a check of a policy: `ID`, or `ID:POLICY`."""
    return check.id if check.policy is None else f"{check.id}:{check.policy}"


def failing(report: Report, check: str, policy: str | None) -> Check:
    """Return the failing check that is meant; without a policy, the only one that fails under this id.

    Raises
    ------
    NotFound
        When the run has no such check.
    InputError
        When it does not fail, is overridden already, blocks everything, or fails for several policies.
    """
    named = [c for c in report.checks() if c.id == check and policy in (None, c.policy)]
    if not named:
        about = f" for {policy}" if policy else ""
        raise NotFound(f"This run has no check {check!r}{about}.", got=check, what_to_do="See the Validation page.")
    found = [c for c in named if c.status is CheckStatus.FAIL]
    if len(found) > 1:
        policies = ", ".join(c.policy for c in found if c.policy)
        raise InputError(
            f"The check {check} fails for several policies.", expected=policies, what_to_do="Name one with --policy."
        )
    if not found:
        raise InputError(f"The check {check} does not fail, so there is nothing to override.")
    return _overridable(found[0])


def _overridable(check: Check) -> Check:
    if check.override is not None:
        raise InputError(f"The check {check.id} is overridden already, by {check.override.by}.")
    if is_blocking(check):
        raise InputError(
            f"Nothing could be computed because of {check.id}; setting it aside would not make a number.",
            what_to_do=check.what_to_do,
        )
    return check


@dataclass(frozen=True)
class Standing:
    """Gives the report of a run as it stands now: the stages' own, or the one with overridden checks set aside."""

    workspace: Workspace
    answers: AnswerStore

    def report(self, record: RunRecord, entries: Sequence[DecisionRecord]) -> Report:
        """Return the report with every override of it applied."""
        first = self.first(record)
        overrides = of_report(entries, first)
        if not overrides:
            return first
        made_from = {
            "first_report_hash": first.report_hash(),
            "overrides": [o.model_dump(mode="json") for o in overrides.values()],
        }
        path = self._files(record).overridden
        kept = _read(path)
        if kept is not None and all(kept.get(k) == v for k, v in made_from.items()):
            whole: Report = kept["report"]
            return whole
        return self._decide_again(record, first, overrides, made_from)

    def first(self, record: RunRecord) -> Report:
        """Return the report as the run's stages gave it."""
        return read_report(self._files(record).report)

    def mend(self, record: RunRecord) -> None:
        """Write a finished run's report again from its stored tables, where its file is damaged or missing."""
        try:
            self.first(record)
        except StoreError:
            from cje_audit.stages.estimation import write_report  # the whole statistics; few visits need them

            files = self._files(record)
            tables = RunTables(files.tables, read_only=True)
            try:
                write_report(tables, record, files.report)
            finally:
                tables.close()
            self.workspace.event(record.id, "The report was written again from the stored tables.")

    def _files(self, record: RunRecord) -> RunFiles:
        return RunFiles(self.workspace.run_dir(record.id))

    def _decide_again(
        self, record: RunRecord, first: Report, overrides: Overrides, made_from: dict[str, Any]
    ) -> Report:
        from cje_audit.stages.verification import overridden  # the whole statistics; few visits need them

        report = overridden(self.workspace, self.answers, record, first, overrides)
        path = self._files(record).overridden
        unfinished = path.with_suffix(".part")
        document = {**made_from, "report": report.document()}
        unfinished.write_text(json.dumps(document, ensure_ascii=False, allow_nan=False), encoding="utf-8")
        unfinished.replace(path)
        verdicts = {p.name: str(p.verdict) for p in report.policies}
        self.workspace.update(record.id, sentence=report.summary.sentence, verdicts=verdicts)
        return report


def _read(path: Path) -> dict[str, Any] | None:
    """Return what was decided last time; None where there is nothing, or nothing whole."""
    try:
        found = json.loads(path.read_bytes())
        return {**found, "report": Report.model_validate(found["report"])}
    except (OSError, ValueError, TypeError, KeyError):
        return None
