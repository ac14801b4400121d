"""Reads the GGUF file once into plain float32 weights that every worker maps into memory and shares.

Beside the GGUF lie `<name>.<version>.npy` (all weights, one flat float32 array) and `<name>.<version>.json`
(the model's settings, where each tensor starts, vocabulary, merges and chat template).
"""

import itertools
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
CACHE_VERSION = "f32-1"
STACKS = {"attn_qkv": ("attn_q", "attn_k", "attn_v"), "ffn_gate_up": ("ffn_gate", "ffn_up")}
ALIGN = 16  # float32 values: every tensor starts on a 64-byte line


@dataclass(frozen=True, eq=False)
class ModelFile:
    """What the model file holds: settings and vocabulary (`facts`), and the tensors, float32, as stored (out, in)."""

    facts: Mapping[str, Any]
    tensors: Mapping[str, Array]


def load_model_file(path: Path) -> ModelFile:
    """Return the model of a GGUF file; the first call dequantises it (some seconds), later ones map the cache."""
    weights, facts = (path.with_suffix(f".{CACHE_VERSION}.{kind}") for kind in ("npy", "json"))
    if not (weights.is_file() and facts.is_file()):
        _build_cache(path, weights, facts)
    return _map_cache(weights, facts)


def _map_cache(weights: Path, facts: Path) -> ModelFile:
    told = json.loads(facts.read_text(encoding="utf-8"))
    flat = np.asarray(np.load(weights, mmap_mode="r"))
    tensors = {
        name: flat[start : start + int(np.prod(shape))].reshape(shape) for name, (start, shape) in told["index"].items()
    }
    return ModelFile(facts=told, tensors=tensors)


def _build_cache(path: Path, weights: Path, facts: Path) -> None:
    reader = gguf.GGUFReader(path)
    index: dict[str, tuple[int, list[int]]] = {}
    parts: list[Array] = []
    at = 0
    for name, values in _stacked({str(tensor.name): _dequantised(tensor) for tensor in reader.tensors}).items():
        index[name] = (at, list(values.shape))
        padded = -(-values.size // ALIGN) * ALIGN
        parts.append(np.pad(values.reshape(-1), (0, padded - values.size)))
        at += padded
    told = {name: field.contents() for name, field in reader.fields.items()} | {"index": index}
    _write_atomically(weights, np.concatenate(parts))
    _write_atomically(facts, json.dumps(told, ensure_ascii=False).encode("utf-8"))


def _dequantised(tensor: gguf.ReaderTensor) -> Array:
    return np.asarray(gguf.dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)


def _stacked(tensors: dict[str, Array]) -> dict[str, Array]:
    """Stack each block's matrices that read the same input, so that one product does the work of two or three."""
    blocks = sorted({name.rsplit(".", 2)[0] for name in tensors if name.startswith("blk.")})
    for block, (stack, parts) in itertools.product(blocks, STACKS.items()):
        tensors[f"{block}.{stack}.weight"] = np.concatenate([tensors.pop(f"{block}.{p}.weight") for p in parts])
    return tensors


def _write_atomically(path: Path, content: Array | bytes) -> None:
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".cache-")
    with os.fdopen(handle, "wb") as file:
        if isinstance(content, bytes):
            file.write(content)
        else:
            np.save(file, content)
        file.flush()
        os.fsync(file.fileno())
    Path(scratch).replace(path)
