"""Small random models on disk: a byte-level one with a chat template, and one whose words are written as sentencepiece."""

import pytest

from tests.providers.hf.tiny import write_byte_level, write_sentencepiece


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A two-layer Llama with a byte-level vocabulary, a chat template, and a folder's odd ideas of how to write."""
    pytest.importorskip("torch", reason="the extra [hf] is not installed")
    pytest.importorskip("transformers", reason="the extra [hf] is not installed")
    return write_byte_level(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="session")
def other_folder(tmp_path_factory):
    """A two-layer GPT-2 with blanks written as ▁, byte tokens, and no chat template."""
    pytest.importorskip("torch", reason="the extra [hf] is not installed")
    pytest.importorskip("transformers", reason="the extra [hf] is not installed")
    return write_sentencepiece(tmp_path_factory.mktemp("gpt2"))
