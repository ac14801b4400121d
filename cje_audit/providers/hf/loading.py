"""Loads a model and its tokenizer from a folder, a GGUF file or the hub, and says exactly which one it is."""

import hashlib
import importlib.metadata
import importlib.util
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cje_audit.domain.errors import ConfigError, ModelMissing
from cje_audit.providers.hf.cutting import cut_as_trained
from cje_audit.providers.rendering import ChatFormat

NEEDED = ("torch", "transformers")
ENGINE = "2"  # counted up when the same model may give another number
DEVICE, DTYPE = "CJE_AUDIT_HF_DEVICE", "CJE_AUDIT_HF_DTYPE"
DTYPES = ("float32", "bfloat16", "float16")
ENDS = 1 << 20  # bytes at either end of a weight file that its fingerprint is made of
WHOLE = (".json", ".jinja", ".txt", ".model")  # small files, read whole


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model ready to be asked. `version` names everything that can change a number it gives."""

    model: Any
    tokenizer: Any
    device: str
    chat: ChatFormat | None
    stop_ids: frozenset[int]
    context: int | None
    version: str


def require_packages() -> None:
    """Raise `ModelMissing` when the packages of the extra `hf` are not installed."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ModelMissing(
            f"The provider huggingface needs the Python packages {' and '.join(missing)}.",
            what_to_do="Install them with pip install 'cje-audit[hf]'.",
        )


@lru_cache(maxsize=2)
def load(name: str, revision: str | None, device: str, dtype: str) -> Loaded:
    """Return a model; the same one is loaded once per process.

    Parameters
    ----------
    name
        A folder, a GGUF file, or a name on the hub (at `revision`).
    device, dtype
        As `chosen_device` and `chosen_dtype` give them.

    Raises
    ------
    ModelMissing
        When there is no such model.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    place, options = _place(name, revision)
    kind: Any = "auto" if dtype == "auto" else getattr(torch, dtype)
    weights = {} if "gguf_file" in options else {"use_safetensors": True}  # a pickle from a stranger is a program
    try:
        tokenizer = AutoTokenizer.from_pretrained(place, **options)
        model = AutoModelForCausalLM.from_pretrained(place, dtype=kind, **weights, **options)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise ModelMissing(
            f"The model {name} cannot be loaded: {_first_line(error)}.",
            expected="a folder with config.json, safetensors and a tokenizer, a GGUF file, or a name on the hub",
            got=name,
            what_to_do="Check model and revision.",
        ) from error
    if "gguf_file" in options:
        cut_as_trained(tokenizer, Path(place, options["gguf_file"]))
    return _ready(model.to(device).eval(), tokenizer, name, revision, device)


def _ready(model: Any, tokenizer: Any, name: str, revision: str | None, device: str) -> Loaded:
    from transformers import GenerationConfig

    if not tokenizer.is_fast:
        raise ModelMissing(f"The tokenizer of {name} has no tokenizer.json.", what_to_do="Use another model.")
    ends = model.generation_config.eos_token_id
    stop = {*tokenizer.all_special_ids, *(ends if isinstance(ends, list) else [ends])} - {None}
    if not stop:
        raise ModelMissing(f"The model {name} names no token that ends a text.", what_to_do="Use another model.")
    model.generation_config = GenerationConfig()  # how it writes is the policy's to say, not the folder's
    return Loaded(
        model=model,
        tokenizer=tokenizer,
        device=device,
        chat=_chat(tokenizer),
        stop_ids=frozenset(stop),
        context=getattr(model.config.get_text_config(), "max_position_embeddings", None),
        version=_version(model, name, revision, device),
    )


def chosen_device() -> str:
    """Return the device: `$CJE_AUDIT_HF_DEVICE`, else the GPU when there is one."""
    import torch

    return os.environ.get(DEVICE) or ("cuda" if torch.cuda.is_available() else "cpu")


def chosen_dtype(device: str) -> str:
    """Return the precision: `$CJE_AUDIT_HF_DTYPE`, else float32 on a CPU and the model's own elsewhere.

    Raises
    ------
    ConfigError
        When the variable names none of them.
    """
    named = os.environ.get(DTYPE)
    if named and named not in (*DTYPES, "auto"):
        raise ConfigError(f"{DTYPE} is {named}.", expected=", ".join((*DTYPES, "auto")), got=named)
    return named or ("float32" if device == "cpu" else "auto")


def _place(name: str, revision: str | None) -> tuple[str, dict[str, Any]]:
    path = Path(name).expanduser()
    if path.suffix == ".gguf" and path.is_file():
        return str(path.parent), {"gguf_file": path.name}
    if path.is_dir():
        return str(path), {}
    return name, {"revision": revision}


def _chat(tokenizer: Any) -> ChatFormat | None:
    template = tokenizer.chat_template
    source = template.get("default") if isinstance(template, dict) else template
    if not isinstance(source, str):
        return None
    return ChatFormat(source, tokenizer.eos_token or "", tokenizer.bos_token or "")


def _version(model: Any, name: str, revision: str | None, device: str) -> str:
    import torch

    card = torch.cuda.get_device_name(device) if device.startswith("cuda") else device
    packages = " ".join(f"{p} {importlib.metadata.version(p)}" for p in NEEDED)
    dtype = str(model.dtype).removeprefix("torch.")
    path = Path(name).expanduser()
    commit = getattr(model.config, "_commit_hash", None) or revision or "unknown"
    weights = fingerprint(path) if path.exists() else f"commit {commit}"
    return f"huggingface {ENGINE} {packages} {card} {dtype} weights {weights}"


def fingerprint(path: Path) -> str:
    """Return twelve digits that change with the model: small files whole, large ones by size and both ends."""
    files = [path] if path.is_file() else sorted(p for p in path.iterdir() if p.is_file())
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name} {file.stat().st_size}\n".encode())
        with file.open("rb") as content:
            if file.suffix in WHOLE:
                digest.update(content.read())
                continue
            digest.update(content.read(ENDS))
            content.seek(max(file.stat().st_size - ENDS, 0))
            digest.update(content.read(ENDS))
    return digest.hexdigest()[:12]


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:300]
