"""Settings from the environment, in one table of name, default and help; secrets are never among them."""

import os
from dataclasses import dataclass
from pathlib import Path

SETTINGS = (
    ("CJE_AUDIT_WORKSPACE", "./workspace", "The folder that holds runs and answers."),
    ("CJE_AUDIT_MODELS", "~/.cache/cje-audit/models", "Where fetch-model keeps the embedded model."),
    ("CJE_AUDIT_URL", "http://127.0.0.1:8501", "Where people reach the dashboard; share links begin with it."),
    ("CJE_AUDIT_USER", "", "The account that acts on the command line, where a workspace has accounts."),
    ("CJE_AUDIT_PASSWORD", "", "That account's password."),
    ("CJE_AUDIT_DEBUG", "", "Set to 1 to see where an unexpected error came from."),
    (
        "CJE_AUDIT_HF_DEVICE",
        "",
        "Device of the provider huggingface, such as cpu or cuda:1; the GPU when there is one.",
    ),
    (
        "CJE_AUDIT_HF_DTYPE",
        "",
        "Its precision: float32, bfloat16, float16 or auto; float32 on a CPU, else the model's.",
    ),
    (
        "CJE_AUDIT_STALL_S",
        "30",
        "Seconds after which a worker counts as stalled (no heartbeat) or slow (no answer).",
    ),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says. `stall_s` is in seconds."""

    workspace: Path
    models: Path
    stall_s: float
    debug: bool
    url: str


def load_settings() -> Settings:
    """Read the settings once from the environment."""
    found = {name: os.environ.get(name) or default for name, default, _ in SETTINGS}
    return Settings(
        workspace=Path(found["CJE_AUDIT_WORKSPACE"]).expanduser(),
        models=Path(found["CJE_AUDIT_MODELS"]).expanduser(),
        stall_s=float(found["CJE_AUDIT_STALL_S"]),
        debug=bool(found["CJE_AUDIT_DEBUG"]),
        url=found["CJE_AUDIT_URL"],
    )


def bundle_root() -> Path:
    """Return the folder that holds app/, pages/, sample_data/ and examples/: the checkout, or inside the wheel."""
    bundled = Path(__file__).parent / "_bundle"
    return bundled if bundled.is_dir() else Path(__file__).parent.parent
