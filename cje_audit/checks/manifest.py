"""The manifest a dataset comes with: whether it is there, whole, and about this very file."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cje_audit.checks import thresholds
from cje_audit.checks.build import not_evaluated
from cje_audit.domain.checks import Check, CheckStatus

CHECK = "dataset.manifest"
NEEDED = ("loader_version", "qc_metrics", "git_commit")
COMMIT = re.compile(r"[0-9a-f]{7,64}")
WRITE = "Run `cje-audit gate DATASET --write FILE` to make one."


@dataclass(frozen=True)
class ManifestFacts:
    """What a manifest says against what was found.

    `document` is None where there is no manifest; `unreadable` says why it could not be read. `sha256` and `metrics`
    are measured on the data itself; a metric is None where it cannot be measured.
    """

    document: Mapping[str, Any] | None
    sha256: tuple[str, ...]
    metrics: Mapping[str, float | None]
    unreadable: str | None = None
    expected: bool = True


def manifest(facts: ManifestFacts | None, *, gate: bool = False, strict: bool = False) -> Check:
    """Ask for a whole manifest that matches the data: warns; in a gate a mismatch fails, with `strict` any gap does."""
    if facts is None or not facts.expected:
        return not_evaluated(CHECK, "the run made its own data; the report's header says how")
    gaps, mismatches = incomplete(facts), differences(facts)
    failed = (strict and bool(gaps or mismatches)) or (gate and bool(mismatches))
    said = [*gaps, *mismatches]
    status = CheckStatus.FAIL if failed else CheckStatus.WARN if said else CheckStatus.PASS
    return Check(
        id=CHECK,
        status=status,
        value=float(len(said)),
        threshold=thresholds.MANIFEST_GAPS,
        n_affected=None,
        sentence=f"{'; '.join(said)}." if said else "The manifest is whole and matches the data.",
        what_to_do=WRITE if said else None,
    )


def incomplete(facts: ManifestFacts) -> list[str]:
    """Return what is missing from the manifest, in words."""
    if facts.unreadable is not None:
        return [f"The manifest cannot be read: {facts.unreadable}"]
    if facts.document is None:
        return ["The data comes without a manifest that says how it was made and checked"]
    document = facts.document
    gaps = [f"The manifest has no {name}" for name in NEEDED if not document.get(name)]
    commit = document.get("git_commit")
    if commit and not (isinstance(commit, str) and COMMIT.fullmatch(commit)):
        gaps.append("The manifest's git_commit is not a commit")
    if document.get("qc_metrics") and not isinstance(document["qc_metrics"], dict):
        gaps.append("The manifest's qc_metrics are not a table")
    return gaps


def differences(facts: ManifestFacts) -> list[str]:
    """Return where the manifest and the data differ, in words; a manifest with no hash at all cannot match."""
    if facts.document is None:
        return []
    said = facts.document.get("sha256")
    found = []
    if said is None:
        found.append("The manifest names no SHA-256, so it may be about another file")
    elif said not in facts.sha256:
        found.append("The manifest's SHA-256 is that of another file")
    metrics = facts.document.get("qc_metrics")
    told = metrics if isinstance(metrics, dict) else {}
    for name, value in told.items():
        measured = facts.metrics.get(name)
        if measured is not None and not agrees(value, measured):
            found.append(f"The manifest says {name} {value}, the data {measured:.6g}")
    return found


def agrees(said: object, measured: float) -> bool:
    """Say whether a written metric equals a measured one, to the decimals it is written with.

    Examples
    --------
    >>> agrees(0.333, 1 / 3), agrees(640, 640.0), agrees(641, 640.0), agrees("640", 640.0)
    (True, True, False, False)
    """
    if isinstance(said, bool) or not isinstance(said, int | float) or not math.isfinite(said):
        return False
    decimals = len(repr(said).partition(".")[2]) if isinstance(said, float) and "e" not in repr(said) else 6
    slack = 0.0 if isinstance(said, int) else 0.51 * 10.0**-decimals
    return abs(said - measured) <= slack + 1e-12 * abs(measured)
