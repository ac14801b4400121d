"""What a template file is: the file itself and, beside a Jinja file, the tokenizer's own settings."""

import hashlib
from pathlib import Path

BESIDE = "tokenizer_config.json"


def beside(path: Path) -> Path | None:
    """Return the tokenizer's settings that lie beside a Jinja file, where there are some."""
    other = path.with_name(BESIDE)
    return other if path.suffix != ".json" and other.is_file() else None


def template_digest(path: Path) -> str:
    """Return the SHA-256 of everything a template file's rendering depends on.

    Raises
    ------
    OSError
        When it cannot be read.
    """
    other = beside(path)
    digest = hashlib.sha256(path.read_bytes())
    if other is not None:
        digest.update(b"\0" + other.read_bytes())
    return digest.hexdigest()
