import numpy as np
import pytest

pytest.importorskip("gguf", reason="the extra [embedded] is not installed")

from cje_audit.providers.smollm.model import BLOCK, LanguageModel
from tests.providers.smollm.tiny import FFN, HEADS, KV, LAYERS, VOCABULARY, WIDTH


def reference_log_probs(file, ids):
    """The same model once more, token by token in float64, with every head and every pair in a plain loop."""
    t = {name: value.astype(np.float64) for name, value in file.tensors.items()}
    head = WIDTH // HEADS

    def norm(x, weight):
        return x / np.sqrt((x**2).mean() + 1e-5) * weight

    def turn(vector, position):
        out = vector.copy()
        for pair in range(head // 2):
            angle = position * 10000.0 ** (-2 * pair / head)
            a, b = vector[2 * pair], vector[2 * pair + 1]
            out[2 * pair] = a * np.cos(angle) - b * np.sin(angle)
            out[2 * pair + 1] = a * np.sin(angle) + b * np.cos(angle)
        return out

    kept = {n: ([], []) for n in range(LAYERS)}
    result = []
    for position, token in enumerate(ids):
        x = t["token_embd.weight"][token]
        for n in range(LAYERS):
            parts = (t[f"blk.{n}.attn_qkv.weight"] @ norm(x, t[f"blk.{n}.attn_norm.weight"])).reshape(-1, head)
            keys, values = kept[n]
            keys.append([turn(parts[HEADS + g], position) for g in range(KV)])
            values.append([parts[HEADS + KV + g] for g in range(KV)])
            mixed = []
            for h in range(HEADS):
                query, group = turn(parts[h], position), h // (HEADS // KV)
                scores = np.array([query @ key[group] for key in keys]) / np.sqrt(head)
                share = np.exp(scores - scores.max())
                mixed.append(sum(s * v[group] for s, v in zip(share / share.sum(), values, strict=True)))
            x = x + t[f"blk.{n}.attn_output.weight"] @ np.concatenate(mixed)
            both = t[f"blk.{n}.ffn_gate_up.weight"] @ norm(x, t[f"blk.{n}.ffn_norm.weight"])
            gate, up = both[:FFN], both[FFN:]
            x = x + t[f"blk.{n}.ffn_down.weight"] @ (gate / (1 + np.exp(-gate)) * up)
        logits = t["token_embd.weight"] @ norm(x, t["output_norm.weight"])
        result.append(logits - np.log(np.exp(logits - logits.max()).sum()) - logits.max())
    return np.array(result)


def test_log_probs_equal_a_plain_float64_reference(tiny):
    ids = list(np.random.default_rng(1).integers(0, VOCABULARY, 40))
    model = LanguageModel(tiny)
    got = model.log_probs(model.read(ids, model.new_cache(40)))
    assert np.abs(got - reference_log_probs(tiny, ids)).max() < 1e-4


def test_reading_in_parts_gives_the_same_values(tiny):
    ids = list(np.random.default_rng(2).integers(0, VOCABULARY, BLOCK + 20))
    model = LanguageModel(tiny)
    whole = model.log_probs(model.read(ids, model.new_cache(len(ids))))
    cache = model.new_cache(len(ids))
    parts = [model.read(ids[:7], cache), model.read(ids[7:8], cache), model.read(ids[8:], cache)]
    assert np.allclose(model.log_probs(np.concatenate(parts)), whole, atol=1e-4)


def test_the_same_reading_gives_the_same_bits(tiny):
    ids = list(range(30))
    model = LanguageModel(tiny)
    first, second = (model.read(ids, model.new_cache(64)) for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_probabilities_sum_to_one(tiny):
    model = LanguageModel(tiny)
    values = model.log_probs(model.read([1, 2, 3], model.new_cache(3)))
    assert np.allclose(np.exp(values).sum(axis=1), 1, atol=1e-12)
    assert (values <= 0).all()


def test_a_copied_cache_is_independent(tiny):
    model = LanguageModel(tiny)
    cache = model.new_cache(4)
    model.read([1, 2], cache)
    copy = cache.copy(8)
    model.read([3], copy)
    assert (cache.n, copy.n) == (2, 3)
    other = cache.copy(8)
    assert np.array_equal(model.read([4], other), model.read([4], cache.copy(8)))
