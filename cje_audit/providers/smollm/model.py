"""The language model itself: a Llama-style transformer in NumPy float32, with a key-value cache.

Root-mean-square norm (Zhang & Sennrich 2019), rotary positions (Su et al. 2021), grouped-query attention
(Ainslie et al. 2023), gated feed-forward with SiLU (Shazeer 2020), input embedding tied to the output.
Results depend on the tokens and on where a reading is split into parts, so callers always split alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cje_audit.providers.smollm.gguf_file import ModelFile

Array = NDArray[np.float32]
Floats = NDArray[np.float64]
BLOCK = 256  # tokens read at once: bounds the memory of attention over long contexts


@dataclass(frozen=True, slots=True)
class Shape:
    """The model's sizes, from its file."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    head_width: int
    context: int
    rope_base: float
    epsilon: float

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> "Shape":
        """Read the sizes of a Llama-type GGUF file."""
        heads, width = facts["llama.attention.head_count"], facts["llama.embedding_length"]
        return cls(
            layers=facts["llama.block_count"],
            width=width,
            heads=heads,
            kv_heads=facts["llama.attention.head_count_kv"],
            head_width=width // heads,
            context=facts["llama.context_length"],
            rope_base=facts["llama.rope.freq_base"],
            epsilon=facts["llama.attention.layer_norm_rms_epsilon"],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One block's weights, each (out, in): `qkv` and `gate_up` are the stacked matrices."""

    attention_norm: Array
    qkv: Array
    out: Array
    ffn_norm: Array
    gate_up: Array
    down: Array

    @classmethod
    def of(cls, tensors: Mapping[str, Array], number: int) -> "Layer":
        """Pick block `number` out of the model file's tensors."""
        parts = ("attn_norm", "attn_qkv", "attn_output", "ffn_norm", "ffn_gate_up", "ffn_down")
        return cls(*(tensors[f"blk.{number}.{part}.weight"] for part in parts))


@dataclass(slots=True, eq=False)
class Cache:
    """Keys and values of the tokens read so far: (layers, kv_heads, room, head_width); `n` of `room` are filled."""

    keys: Array
    values: Array
    n: int = 0

    def copy(self, room: int) -> "Cache":
        """Return an independent copy with room for `room` tokens."""
        size = (*self.keys.shape[:2], room, self.keys.shape[3])
        fresh = Cache(np.empty(size, np.float32), np.empty(size, np.float32))
        fresh.keys[:, :, : self.n] = self.keys[:, :, : self.n]
        fresh.values[:, :, : self.n] = self.values[:, :, : self.n]
        fresh.n = self.n
        return fresh


class LanguageModel:
    """The transformer. `read` takes tokens into a cache; `log_probs` turns its last states into log-probabilities."""

    def __init__(self, file: ModelFile) -> None:
        self.shape = Shape.of(file.facts)
        self._embedding = file.tensors["token_embd.weight"]
        self._norm = file.tensors["output_norm.weight"]
        self._layers = [Layer.of(file.tensors, number) for number in range(self.shape.layers)]
        self._turns = _rotary_turns(self.shape)

    def new_cache(self, room: int) -> Cache:
        """Return an empty cache with room for `room` tokens."""
        size = (self.shape.layers, self.shape.kv_heads, room, self.shape.head_width)
        return Cache(np.empty(size, np.float32), np.empty(size, np.float32))

    def read(self, ids: Sequence[int], cache: Cache) -> Array:
        """Read tokens after those in the cache; return their final states, (len(ids), width)."""
        blocks = [ids[at : at + BLOCK] for at in range(0, len(ids), BLOCK)]
        with np.errstate(over="ignore"):  # e^(-gate) may overflow, and then the gate is closed, as it should be
            return np.concatenate([self._read_block(np.asarray(block), cache) for block in blocks])

    def log_probs(self, states: Array) -> Floats:
        """Return the next-token log-probabilities (nats) after each state, (len(states), vocabulary)."""
        logits = (states @ self._embedding.T).astype(np.float64)
        top = logits.max(axis=-1, keepdims=True)
        logits -= top + np.log(np.exp(logits - top).sum(axis=-1, keepdims=True))
        return logits

    def token_log_probs(self, states: Array, ids: Sequence[int]) -> Floats:
        """Return the log-probability (nats) of token `ids[i]` after state i, in blocks that bound the memory."""
        rows = np.arange(BLOCK)
        parts = []
        for at in range(0, len(ids), BLOCK):
            asked = ids[at : at + BLOCK]
            parts.append(self.log_probs(states[at : at + BLOCK])[rows[: len(asked)], asked])
        return np.concatenate(parts)

    def _read_block(self, ids: NDArray[np.int64], cache: Cache) -> Array:
        x = self._embedding[ids]
        future = np.triu(np.full((len(ids), len(ids)), -np.inf, np.float32), k=1)
        for number, layer in enumerate(self._layers):
            x = x + self._attend(number, self._normed(x, layer.attention_norm), cache, future)
            gate, up = np.split(self._normed(x, layer.ffn_norm) @ layer.gate_up.T, 2, axis=1)
            x = x + (gate / (1 + np.exp(-gate)) * up) @ layer.down.T
        cache.n += len(ids)
        return self._normed(x, self._norm)

    def _normed(self, x: Array, weight: Array) -> Array:
        scale = np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + np.float32(self.shape.epsilon))
        normed: Array = x / scale * weight
        return normed

    def _attend(self, number: int, x: Array, cache: Cache, future: Array) -> Array:
        """Grouped-query attention of the block's tokens over everything read so far."""
        s, n, seen = self.shape, len(x), cache.n + len(x)
        heads = (x @ self._layers[number].qkv.T).reshape(n, s.heads + 2 * s.kv_heads, s.head_width)
        turned = self._turned(heads[:, : s.heads + s.kv_heads], cache.n)
        cache.keys[number, :, cache.n : seen] = turned[:, s.heads :].transpose(1, 0, 2)
        cache.values[number, :, cache.n : seen] = heads[:, s.heads + s.kv_heads :].transpose(1, 0, 2)
        asked = turned[:, : s.heads].transpose(1, 0, 2).reshape(s.kv_heads, -1, s.head_width)
        scores = asked @ cache.keys[number, :, :seen].transpose(0, 2, 1) * np.float32(s.head_width**-0.5)
        scores = scores.reshape(s.heads, n, seen)
        scores[:, :, cache.n :] += future
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        mixed = scores.reshape(s.kv_heads, -1, seen) @ cache.values[number, :, :seen]
        mixed = mixed.reshape(s.heads, n, s.head_width).transpose(1, 0, 2).reshape(n, s.width)
        attended: Array = mixed @ self._layers[number].out.T
        return attended

    def _turned(self, heads: Array, start: int) -> Array:
        """Rotate each pair of neighbouring values by its position's angle; the file stores pairs side by side."""
        pairs = np.ascontiguousarray(heads).view(np.complex64)
        turns = self._turns[start : start + len(heads), None, :]
        return (pairs * turns).view(np.float32)


def _rotary_turns(shape: Shape) -> NDArray[np.complex64]:
    """Return the rotations e^{i·position·frequency}, (context, head_width / 2)."""
    frequencies = shape.rope_base ** (-np.arange(0, shape.head_width, 2) / shape.head_width)
    turns: NDArray[np.complex64] = np.exp(1j * np.outer(np.arange(shape.context), frequencies)).astype(np.complex64)
    return turns
