"""How a GGUF file says that its tokenizer cuts texts, which transformers does not read from it."""

import json
from pathlib import Path
from typing import Any

from cje_audit.domain.errors import ModelMissing

AS_GPT2 = ("gpt-2", "phi-2", "olmo", "mpt", "trillion")  # llama.cpp's names for GPT-2's own way
DIGITS_APART = ("smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b")  # every digit first


def cut_as_trained(tokenizer: Any, path: Path) -> None:
    """Make a tokenizer that was read from a GGUF file cut texts as the file says.

    Raises
    ------
    ModelMissing
        When the file names a way that is not known here: its log-probs would be those of other tokens.
    """
    named = _named(path)
    if named is None or named in AS_GPT2 or not _cuts_as_gpt2(tokenizer.backend_tokenizer):
        return
    if named not in DIGITS_APART:
        raise ModelMissing(
            f"The file {path.name} says that its tokenizer cuts texts as {named} does, and transformers does not.",
            expected="a model whose tokenizer is read as it was trained",
            got=named,
            what_to_do="Name the model's folder (with tokenizer.json) or its name on the hub instead of the file.",
        )
    from tokenizers import pre_tokenizers

    ways = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(ways)


def _named(path: Path) -> str | None:
    """Return the file's own name for its way of cutting; None where it names none, or cuts without one."""
    import gguf

    fields = gguf.GGUFReader(path).fields
    kind, way = (fields.get(f"tokenizer.ggml.{name}") for name in ("model", "pre"))
    if way is None or kind is None or kind.contents() != "gpt2":
        return None
    return str(way.contents())


def _cuts_as_gpt2(backend: Any) -> bool:
    """Whether it was given no way of its own: GPT-2's, which is what transformers takes for want of a better one."""
    way = json.loads(backend.to_str())["pre_tokenizer"]
    return bool(way and way["type"] == "ByteLevel" and way.get("use_regex", True))
