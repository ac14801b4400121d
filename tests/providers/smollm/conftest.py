import pytest

from cje_audit.domain.errors import ModelMissing
from cje_audit.providers.smollm.fetch import model_path
from tests.providers.smollm.tiny import write_gguf

MISSING = "the extra [embedded] is not installed"


@pytest.fixture(scope="session")
def model_file():
    """The fetched model; tests that need it are skipped with one line where it is not on this machine."""
    gguf_file = pytest.importorskip("cje_audit.providers.smollm.gguf_file", reason=MISSING)
    try:
        return gguf_file.load_model_file(model_path())
    except ModelMissing as missing:
        pytest.skip(missing.sentence)


@pytest.fixture(scope="session")
def tiny_path(tmp_path_factory):
    """A small random model as a GGUF file."""
    pytest.importorskip("gguf", reason=MISSING)
    tokenizer = pytest.importorskip("cje_audit.providers.smollm.tokenizer", reason=MISSING)
    return write_gguf(tmp_path_factory.mktemp("tiny") / "tiny.gguf", tokenizer.byte_alphabet())


@pytest.fixture(scope="session")
def tiny(tiny_path):
    """The same, loaded."""
    gguf_file = pytest.importorskip("cje_audit.providers.smollm.gguf_file", reason=MISSING)
    return gguf_file.load_model_file(tiny_path)
