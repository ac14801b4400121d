"""A small random model of the embedded model's build, with a byte-level vocabulary: no fetched file is needed."""

import numpy as np

HEADS, KV, WIDTH, FFN, LAYERS = 4, 2, 32, 48, 2
CONTROL_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
MERGES = (("t", "h"), ("th", "e"), ("Ċ", "Ċ"), ("Ġ", "a"))
CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def vocabulary(alphabet):
    """Control tokens, every byte, and the merges."""
    return [*CONTROL_TOKENS, *sorted(alphabet, key=alphabet.get), *("".join(pair) for pair in MERGES)]


VOCABULARY = len(CONTROL_TOKENS) + 256 + len(MERGES)


def facts(alphabet, context=1024):
    """The metadata a model file of this size would carry."""
    return {
        "llama.block_count": LAYERS, "llama.embedding_length": WIDTH, "llama.attention.head_count": HEADS,
        "llama.attention.head_count_kv": KV, "llama.context_length": context, "llama.rope.freq_base": 10000.0,
        "llama.attention.layer_norm_rms_epsilon": 1e-5, "tokenizer.ggml.tokens": vocabulary(alphabet),
        "tokenizer.ggml.token_type": [3] * len(CONTROL_TOKENS) + [1] * (256 + len(MERGES)),
        "tokenizer.ggml.merges": [" ".join(pair) for pair in MERGES], "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.chat_template": CHAT,
    }  # fmt: skip


def matrices():
    """Random weights under the names of a GGUF file, not yet stacked."""
    random = np.random.default_rng(7)
    head = WIDTH // HEADS

    def matrix(*shape):
        return random.normal(0, shape[-1] ** -0.5, shape).astype(np.float32)

    tensors = {"token_embd.weight": matrix(VOCABULARY, WIDTH) * 3, "output_norm.weight": matrix(WIDTH) + 1}
    for n in range(LAYERS):
        tensors |= {
            f"blk.{n}.attn_norm.weight": matrix(WIDTH) + 1,
            f"blk.{n}.attn_q.weight": matrix(WIDTH, WIDTH) * 2,
            f"blk.{n}.attn_k.weight": matrix(KV * head, WIDTH) * 2,
            f"blk.{n}.attn_v.weight": matrix(KV * head, WIDTH) * 2,
            f"blk.{n}.attn_output.weight": matrix(WIDTH, WIDTH),
            f"blk.{n}.ffn_norm.weight": matrix(WIDTH) + 1,
            f"blk.{n}.ffn_gate.weight": matrix(FFN, WIDTH),
            f"blk.{n}.ffn_up.weight": matrix(FFN, WIDTH),
            f"blk.{n}.ffn_down.weight": matrix(WIDTH, FFN),
        }
    return tensors


def write_gguf(path, alphabet, context=1024):
    """Write the tiny model as a real GGUF file."""
    import gguf

    writer = gguf.GGUFWriter(path, "llama")
    for name, value in facts(alphabet, context).items():
        if isinstance(value, list):
            writer.add_array(name, value)
        else:
            {int: writer.add_uint32, float: writer.add_float32, str: writer.add_string}[type(value)](name, value)
    for name, value in matrices().items():
        writer.add_tensor(name, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
