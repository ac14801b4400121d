"""Files of a run: copied in, hashed, and named safely."""

import hashlib
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cje_audit.domain.errors import InputError, StoreError


def safe_name(name: str) -> str:
    """Return a file name without folders, control characters or surprises.

    Examples
    --------
    >>> safe_name("../../etc/pass wd.jsonl")
    'pass_wd.jsonl'
    >>> safe_name("..")
    'file'
    """
    base = re.split(r"[/\\]", name)[-1]
    cleaned = re.sub(r"[^A-Za-z0-9._-]", "_", base).lstrip(".")
    return cleaned[-120:] or "file"


def copy_into(sources: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """Copy files or folders into `folder` under safe, distinct names; return the copies in order.

    Raises
    ------
    InputError
        When a source cannot be read.
    StoreError
        When the disk is full or not writable.
    """
    copies: list[Path] = []
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for source in sources:
        if not source.exists():
            raise InputError(
                f"There is no file {source}.",
                expected="an existing file",
                got=str(source),
                what_to_do="Check the path.",
            )
        copy = _free(folder, safe_name(source.name))
        _copy(source, copy)
        copies.append(copy)
    return tuple(copies)


def _copy(source: Path, copy: Path) -> None:
    try:
        if source.is_dir():
            shutil.copytree(source, copy, symlinks=False)
        else:
            shutil.copyfile(source, copy)
    except PermissionError as error:
        raise InputError(f"The file {source} may not be read.", what_to_do="Check its rights.") from error
    except (OSError, shutil.Error) as error:
        raise StoreError(
            f"The file {source} could not be copied into the workspace: {error}.", what_to_do="Check the disk."
        ) from error


def _free(folder: Path, name: str) -> Path:
    copy, number = folder / name, 1
    while copy.exists():
        number += 1
        copy = folder / f"{number}-{name}"
    return copy


def hash_files(paths: Sequence[Path]) -> str:
    """Return one SHA-256 over the contents of files and folders, in order."""
    total = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                with file.open("rb") as stream:
                    total.update(hashlib.file_digest(stream, "sha256").digest())
    return total.hexdigest()


@dataclass(frozen=True)
class RunFiles:
    """Where one run keeps its things."""

    folder: Path

    @property
    def config(self) -> Path:
        """The configuration as launched."""
        return self.folder / "config.yaml"

    @property
    def tables(self) -> Path:
        """The run's database."""
        return self.folder / "run.duckdb"

    @property
    def report(self) -> Path:
        """The finished report."""
        return self.folder / "report.json"

    @property
    def preflight(self) -> Path:
        """What the preflight found before the launch; absent where there was none."""
        return self.folder / "preflight.json"

    @property
    def overridden(self) -> Path:
        """The report with overridden checks set aside; made again from the audit trail when it is missing."""
        return self.folder / "overridden.json"
