"""The manifest a dataset comes with: whether it is there, whole, and about this very file."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cje_audit.checks import thresholds
from cje_audit.checks.build import not_evaluated
from cje_audit.checks.words import count
from cje_audit.domain.checks import Check, CheckStatus

CHECK = "dataset.manifest"
NEEDED = ("loader_version", "qc_metrics", "git_commit")
COMMIT = re.compile(r"[0-9a-f]{7,64}")
WRITE = "Run `cje-audit gate DATASET --write FILE` to make one."
COUNT = "n_rows"


@dataclass(frozen=True)
class ManifestFacts:
    """What a manifest says against what was found.

    `document` is None where there is no manifest; `unreadable` says why it could not be read. `sha256` (the values
    under which the data may be named), `files` (each file's own, by name) and `metrics` are measured on the data
    itself; a metric is None where it cannot be measured.
    """

    document: Mapping[str, Any] | None
    sha256: tuple[str, ...]
    metrics: Mapping[str, float | None]
    unreadable: str | None = None
    expected: bool = True
    files: Mapping[str, str] = field(default_factory=dict)


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
        sentence=f"{'; '.join(said)}." if said else _matching(facts),
        what_to_do=WRITE if said else None,
    )


def incomplete(facts: ManifestFacts) -> list[str]:
    """Return what is missing from the manifest, in words."""
    if facts.unreadable is not None:
        return [f"The manifest cannot be read: {facts.unreadable}"]
    if facts.document is None:
        return ["The data comes without a manifest that says how it was made and checked"]
    document, told = facts.document, metrics_told(facts)
    gaps = [f"The manifest has no {name}" for name in NEEDED if not document.get(name)]
    commit, loader = document.get("git_commit"), document.get("loader_version")
    if commit and not (isinstance(commit, str) and COMMIT.fullmatch(commit)):
        gaps.append("The manifest's git_commit is not a commit")
    if loader and not (isinstance(loader, str) and loader.strip()):
        gaps.append("The manifest's loader_version is not a text")
    if document.get("qc_metrics") and not told:
        gaps.append("The manifest's qc_metrics are not a table")
    elif told and COUNT not in told:
        gaps.append(f"The manifest's qc_metrics do not say how many rows there are ({COUNT})")
    return gaps


def metrics_told(facts: ManifestFacts) -> Mapping[str, Any]:
    """Return the metrics a manifest gives; none where it gives no table of them."""
    metrics = None if facts.document is None else facts.document.get("qc_metrics")
    return metrics if isinstance(metrics, dict) else {}


def differences(facts: ManifestFacts) -> list[str]:
    """Return where the manifest and the data differ, in words; a manifest with no hash at all cannot match."""
    if facts.document is None:
        return []
    found = _other_bytes(facts.document, facts)
    for name, value in metrics_told(facts).items():
        measured = facts.metrics.get(name)
        if measured is not None and not agrees(value, measured):
            found.append(f"The manifest says {name} {value}, the data {measured:.6g}")
    return found


def _other_bytes(document: Mapping[str, Any], facts: ManifestFacts) -> list[str]:
    said, listed = document.get("sha256"), document.get("file_sha256")
    if said is None:
        return ["The manifest names no SHA-256, so it may be about another file"]
    if said in facts.sha256:
        return []
    found = facts.sha256[0] if facts.sha256 else ""
    told = f"The data's SHA-256 is {found[:SHOWN]}…, the manifest's {str(said)[:SHOWN]}…: it is about other bytes"
    which = _files_apart(listed, facts.files) if isinstance(listed, dict) else []
    return [f"{told} ({', '.join(which)})" if which else told]


SHOWN = 12


def _files_apart(said: Mapping[str, Any], found: Mapping[str, str]) -> list[str]:
    """Return which files differ, are gone, or are new; the same file under another name is not told.

    Examples
    --------
    >>> _files_apart({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"})
    ['b changed', 'c is new']
    """
    changed = [f"{name} changed" for name, value in said.items() if name in found and found[name] != value]
    gone = [f"{name} is gone" for name, value in said.items() if name not in found and value not in found.values()]
    new = [f"{name} is new" for name, value in found.items() if name not in said and value not in said.values()]
    return [*changed, *gone, *new]


def _matching(facts: ManifestFacts) -> str:
    told = metrics_told(facts)
    measured = [name for name in told if facts.metrics.get(name) is not None]
    kept = f"its SHA-256 and {count(len(measured), len(told))} qc_metrics were computed again"
    rest = [name for name in told if name not in measured]
    left_out = f" (not {', '.join(rest)})" if rest else ""
    return f"The manifest is whole and matches the data: {kept}{left_out}."


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
