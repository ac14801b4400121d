"""A run out of one workspace and into another: what goes into the bundle, and what is believed of one that comes.

Numbers are believed because they are computed again from the bundle's rows. What people decided elsewhere is kept as
history and decides nothing here: nobody can vouch for a name in a file.
"""

import re
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cje_audit.audit.people import LONGEST_NAME, LONGEST_TEXT, written
from cje_audit.domain.errors import AuditError, InputError
from cje_audit.domain.import_spec import dump_spec, load_spec, parse_spec
from cje_audit.domain.report import Report
from cje_audit.store.answers import AnswerStore
from cje_audit.store.bundle import Bundle, write_bundle
from cje_audit.store.decisions import DecisionRecord, Decisions
from cje_audit.store.documents import read_report
from cje_audit.store.files import RunFiles
from cje_audit.store.tables import RunTables
from cje_audit.store.workspace import RunRecord, Workspace

RUN_ID = re.compile(r"[0-9]{14}-[0-9a-f]{6}")
CARRIED = ("note", "reveal", "override", "sign")
RUN_FIELDS = ("id", "name", "kind", "created_at", "finished_at", "config_hash", "data_hash")
NO_RUN = "The bundle does not describe a run of this version."


def export(
    workspace: Workspace, record: RunRecord, report: Report, entries: Sequence[DecisionRecord], out: Path
) -> str:
    """Write a finished run as a bundle; `report` is the one its stages gave. Return the file's SHA-256."""
    files = RunFiles(workspace.run_dir(record.id))
    tables = RunTables(files.tables, read_only=True)
    documents = {
        "run.json": {name: getattr(record, name) for name in RUN_FIELDS},
        "config.json": {"yaml": _portable(dump_spec(load_spec(files.config)), workspace.root)},
        "report.json": report.document(),
        "decisions.json": [asdict(e) for e in reversed(entries) if e.kind in CARRIED],
    }
    try:
        return write_bundle(out, documents, tables)
    finally:
        tables.close()


def _portable(config: str, root: Path) -> str:
    """Return a configuration that names no folder of this machine."""
    return config.replace(f"{root}/", "")


def faults(bundle: Bundle) -> list[str]:
    """Return what does not hold of a bundle: a hash that does not fit, or a number its rows do not give."""
    broken = bundle.faults()
    if broken:
        return broken
    with tempfile.TemporaryDirectory(prefix="cje-audit-") as folder:
        workspace, answers = Workspace(Path(folder)), AnswerStore(Path(folder) / "answers.sqlite")
        try:
            record = _record(bundle)
            return _unpack(workspace, answers, bundle, record)
        finally:
            answers.close()
            workspace.close()


def import_bundle(workspace: Workspace, answers: AnswerStore, trail: Decisions, bundle: Bundle, owner: str) -> str:
    """Put a bundle's run into a workspace and return its id; a run that is there already is left as it is.

    Raises
    ------
    InputError
        When anything does not hold, or another run has the same id.
    """
    record = _record(bundle)
    if any(r.id == record.id for r in (*workspace.all(), *workspace.all(trashed=True))):
        return _same_run(workspace, bundle, record.id)
    history = _decisions(bundle)
    wrong = bundle.faults() or _unpack(workspace, answers, bundle, record)
    if wrong:
        shutil.rmtree(workspace.run_dir(record.id), ignore_errors=True)
        raise InputError(f"The bundle does not hold: {wrong[0]}.", what_to_do="Do not trust it; ask for another.")
    workspace.adopt(record, owner=owner)
    for entry in history:
        trail.append(record.id, at=entry["at"], kind=entry["kind"], by=entry["by"], subject=entry["subject"],
                     reason=entry["reason"], document={**entry["document"], "imported": "yes"})  # fmt: skip
    return record.id


def _same_run(workspace: Workspace, bundle: Bundle, run: str) -> str:
    kept = read_report(RunFiles(workspace.run_dir(run)).report)
    if _report(bundle).report_hash() == kept.report_hash():
        return run
    raise InputError(
        f"This workspace has another run {run}.", what_to_do="Import the bundle into a workspace of its own."
    )


def _unpack(workspace: Workspace, answers: AnswerStore, bundle: Bundle, record: RunRecord) -> list[str]:
    """Write a bundle's files into the run's folder and return where its report differs from what the rows give."""
    from cje_audit.stages.verification import differences  # the whole statistics; no other part needs them

    files, report = RunFiles(workspace.run_dir(record.id)), _report(bundle)
    files.folder.mkdir(parents=True, mode=0o700)
    try:
        files.config.write_text(_config(bundle), encoding="utf-8")
        tables = RunTables(files.tables, read_only=False)
        try:
            bundle.load_into(tables)
        finally:
            tables.close()
        files.report.write_text(report.model_dump_json(by_alias=True), encoding="utf-8")
        return differences(workspace, answers, record, report, {})
    except AuditError:
        shutil.rmtree(files.folder, ignore_errors=True)
        raise
    except (ValueError, KeyError, TypeError, ArithmeticError, LookupError) as error:
        shutil.rmtree(files.folder, ignore_errors=True)
        raise InputError("The bundle's rows cannot be computed with.", what_to_do="Ask for another.") from error


def _report(bundle: Bundle) -> Report:
    try:
        return Report.model_validate(bundle.document("report.json"))
    except ValidationError as error:
        raise InputError(NO_RUN, what_to_do="Ask for a bundle of a finished run.") from error


def _config(bundle: Bundle) -> str:
    document = bundle.document("config.json")
    text = document.get("yaml") if isinstance(document, dict) else None
    if not isinstance(text, str):
        raise InputError(NO_RUN)
    return dump_spec(parse_spec(text))


def _record(bundle: Bundle) -> RunRecord:
    """Return a bundle's run, complete and without a worker; its id and name are the report's."""
    run, report = bundle.document("run.json"), _report(bundle)
    with suppress(TypeError, ValueError, KeyError):
        if RUN_ID.fullmatch(run["id"]) and run["id"] == report.run.id and run["kind"] in ("import", "launch"):
            return RunRecord(
                id=run["id"], name=report.run.name, kind=run["kind"], status="complete",
                created_at=float(run["created_at"]), finished_at=float(run["finished_at"]),
                config_hash=report.run.config_hash, data_hash=report.run.data_hash, pid=None, heartbeat=None,
                request=None, error=None, sentence=report.summary.sentence,
                verdicts={p.name: str(p.verdict) for p in report.policies},
            )  # fmt: skip
    raise InputError(NO_RUN, what_to_do="Ask for a bundle of a finished run.")


def _decisions(bundle: Bundle) -> list[dict[str, Any]]:
    """Return what people decided elsewhere, oldest first; an entry that is none is a fault of the whole bundle."""
    try:
        return [_decision(entry) for entry in bundle.document("decisions.json")]
    except (TypeError, ValueError, KeyError) as error:
        raise InputError("The bundle's audit trail cannot be read.") from error


def _decision(entry: dict[str, Any]) -> dict[str, Any]:
    if entry["kind"] not in CARRIED:
        raise InputError("The bundle's audit trail cannot be read.")
    texts = {
        name: entry[name] and written(str(entry[name]), f"a {name}", LONGEST_TEXT) for name in ("subject", "reason")
    }
    known = {
        k: str(entry["document"][k])[:LONGEST_NAME]
        for k in ("decision", "report_hash", "role")
        if k in entry["document"]
    }
    return {"kind": entry["kind"], "at": float(entry["at"]), "by": written(entry["by"], "a name", LONGEST_NAME),
            "document": known, **texts}  # fmt: skip
