"""The preflight at the front door: run it, keep it with the run, and let a person set a blocking one aside."""

import time
from pathlib import Path

from cje_audit.audit import people
from cje_audit.audit.creation import launch_hash
from cje_audit.domain.checks import CheckStatus
from cje_audit.domain.errors import InputError
from cje_audit.domain.experiment import Experiment
from cje_audit.domain.preflight import KeptPreflight, Preflight
from cje_audit.store.decisions import Decisions
from cje_audit.store.files import RunFiles
from cje_audit.store.workspace import RunRecord, iso

LONGEST_SUBJECT = 200


def fly(experiment: Experiment, folder: Path) -> Preflight:
    """Run every probe on an experiment's endpoints; nothing is stored and no stored answer is read."""
    from cje_audit.stages.doctor import examine  # the providers, which few methods need

    began, at = time.monotonic(), iso(time.time())
    checks = examine(experiment, folder)
    return Preflight(config_hash=launch_hash(experiment), at=at, seconds=time.monotonic() - began, checks=checks)


def refuse_blocked(found: Preflight, experiment: Experiment, reason: str | None, by: str) -> None:
    """Refuse a launch that a preflight blocks, unless a person sets it aside by name and for a reason.

    Raises
    ------
    InputError
        When it blocks, or belongs to another configuration.
    """
    if found.config_hash != launch_hash(experiment):
        raise InputError(
            "The preflight belongs to another configuration.", what_to_do="Run the preflight again on this one."
        )
    if not found.blocks:
        return
    if reason is None:
        first = found.of(CheckStatus.FAIL)[0]
        raise InputError(
            f"{found.sentence} {first.sentence}",
            what_to_do="Solve what fails, or set the preflight aside by name and for a reason.",
        )
    people.written(reason, "a reason", people.LONGEST_TEXT)
    people.written(by, "a name", people.LONGEST_NAME)


def keep(found: Preflight, record: RunRecord, folder: Path, trail: Decisions, reason: str | None, by: str) -> None:
    """Keep a preflight with its run; one that blocks is an entry of the audit trail."""
    aside = people.written(by, "a name", people.LONGEST_NAME) if found.blocks else None
    kept = KeptPreflight(found=found, set_aside_by=aside)
    RunFiles(folder).preflight.write_text(kept.model_dump_json(), encoding="utf-8")
    if aside is not None:
        failing = ", ".join(dict.fromkeys(c.id for c in found.of(CheckStatus.FAIL)))
        told = people.written(reason, "a reason", people.LONGEST_TEXT)
        trail.append(record.id, "preflight", by=aside, subject=failing[:LONGEST_SUBJECT], reason=told, document={})
