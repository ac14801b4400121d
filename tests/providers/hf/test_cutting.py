"""A GGUF file names how its tokenizer cuts texts; a tokenizer that does otherwise is mended or refused."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from cje_audit.domain.errors import ModelMissing
from cje_audit.providers.hf.cutting import cut_as_trained

gguf = pytest.importorskip("gguf")
tokenizers = pytest.importorskip("tokenizers")


def file(folder: Path, way: str | None, kind: str = "gpt2") -> Path:
    path = folder / "m.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model(kind)
    if way is not None:
        writer.add_tokenizer_pre(way)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def as_read() -> SimpleNamespace:
    """Return a tokenizer as transformers reads one from a GGUF file: with GPT-2's way, whatever the file says."""
    backend = tokenizers.Tokenizer(tokenizers.models.BPE())
    backend.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    return SimpleNamespace(backend_tokenizer=backend)


def pieces(tokenizer: SimpleNamespace, text: str) -> list[str]:
    return [piece for piece, _ in tokenizer.backend_tokenizer.pre_tokenizer.pre_tokenize_str(text)]


def test_digits_are_apart_where_the_file_says_so(tmp_path: Path) -> None:
    tokenizer = as_read()
    assert pieces(tokenizer, "a 12") == ["a", "Ġ12"]
    cut_as_trained(tokenizer, file(tmp_path, "smollm"))
    assert pieces(tokenizer, "a 12") == ["a", "Ġ", "1", "2"]


@pytest.mark.parametrize(("way", "kind"), [("gpt-2", "gpt2"), (None, "gpt2"), ("smollm", "llama")])
def test_what_the_file_does_not_ask_for_is_not_done(tmp_path: Path, way: str | None, kind: str) -> None:
    tokenizer = as_read()
    cut_as_trained(tokenizer, file(tmp_path, way, kind))
    assert pieces(tokenizer, "a 12") == ["a", "Ġ12"]


def test_a_way_that_is_not_known_is_refused_in_plain_words(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="cuts texts as llama-bpe does, and transformers does not") as refused:
        cut_as_trained(as_read(), file(tmp_path, "llama-bpe"))
    assert "tokenizer.json" in (refused.value.what_to_do or "")


def test_a_tokenizer_that_has_its_own_way_is_believed(tmp_path: Path) -> None:
    tokenizer = as_read()
    tokenizer.backend_tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    cut_as_trained(tokenizer, file(tmp_path, "qwen2"))
    assert pieces(tokenizer, "a 12") == ["a", "12"]
