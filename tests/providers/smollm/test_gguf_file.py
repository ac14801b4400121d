import numpy as np
import pytest

pytest.importorskip("gguf", reason="the extra [embedded] is not installed")

from cje_audit.providers.smollm.gguf_file import load_model_file
from tests.providers.smollm.tiny import LAYERS, matrices


def test_every_tensor_comes_back_with_those_of_one_input_stacked(tiny):
    raw = matrices()
    for n in range(LAYERS):
        qkv = np.concatenate([raw[f"blk.{n}.attn_{part}.weight"] for part in "qkv"])
        assert np.array_equal(tiny.tensors[f"blk.{n}.attn_qkv.weight"], qkv)
        gate_up = np.concatenate([raw[f"blk.{n}.ffn_{part}.weight"] for part in ("gate", "up")])
        assert np.array_equal(tiny.tensors[f"blk.{n}.ffn_gate_up.weight"], gate_up)
    assert np.array_equal(tiny.tensors["token_embd.weight"], raw["token_embd.weight"])
    assert len(tiny.tensors) == 2 + 6 * LAYERS


def test_facts_are_kept(tiny):
    assert tiny.facts["llama.context_length"] == 1024
    assert tiny.facts["tokenizer.ggml.tokens"][2] == "<|im_end|>"


def test_a_second_load_maps_the_cache_and_needs_no_gguf(tiny, tiny_path, tmp_path):
    for cached in tiny_path.parent.glob("tiny.f32*"):
        (tmp_path / cached.name).write_bytes(cached.read_bytes())
    again = load_model_file(tmp_path / "tiny.gguf")
    assert all(np.array_equal(again.tensors[name], value) for name, value in tiny.tensors.items())
    assert not any(value.flags.writeable for value in again.tensors.values())
