"""Where a report comes from: engine version, commit, machine, library versions and the layout that was read."""

import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from cje_audit.domain.experiment import Experiment
from cje_audit.domain.import_spec import RunSpec
from cje_audit.domain.preflight import KeptPreflight
from cje_audit.domain.report import RunHeader
from cje_audit.store.documents import read_document
from cje_audit.store.files import RunFiles
from cje_audit.store.workspace import RunRecord
from cje_audit.version import __version__

KEPT_FACTS = ("layout", "n_lines", "n_exact_duplicates", "notes")
LIBRARIES = ("numpy", "scipy", "polars", "duckdb", "pydantic")


def run_header(record: RunRecord, spec: RunSpec, dataset_facts: dict[str, Any], folder: Path) -> RunHeader:
    """Return the report's header; its status is the one the run has once the report exists."""
    preflight = read_preflight(RunFiles(folder).preflight)
    flown = {} if preflight is None else {"preflight": preflight.provenance()}
    kept = {k: v for k, v in dataset_facts.items() if k in KEPT_FACTS}
    kind = "launch" if isinstance(spec, Experiment) else "import"
    versions = {name: metadata.version(name) for name in LIBRARIES}
    return RunHeader(
        id=record.id,
        name=record.name,
        status="complete",
        created_at=record.created_iso,
        config_hash=record.config_hash,
        data_hash=record.data_hash,
        engine_version=__version__,
        git_commit=git_commit(),
        provenance={"kind": kind, "python": platform.python_version(), "libraries": versions, **kept, **flown},
    )


def read_preflight(path: Path) -> KeptPreflight | None:
    """Return the preflight that is kept with a run; None where there was none."""
    aside = "Move the file away: the report then says that there was no preflight."
    return read_document(path, KeptPreflight, "what the preflight found", aside) if path.is_file() else None


def git_commit() -> str | None:
    """Return the commit of the checkout the engine runs from; None when it was installed from a wheel."""
    root = Path(__file__).parent.parent.parent
    if not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
