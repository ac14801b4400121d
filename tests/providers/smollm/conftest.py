import pytest

from cje_audit.domain.errors import ModelMissing
from cje_audit.providers.smollm.fetch import model_path


@pytest.fixture(scope="session")
def model_file():
    """The fetched model file; tests that need it are skipped with one line where it is not on this machine."""
    gguf_file = pytest.importorskip("cje_audit.providers.smollm.gguf_file", reason="the extra [embedded] is missing")
    try:
        return gguf_file.load_model_file(model_path())
    except ModelMissing as missing:
        pytest.skip(missing.sentence)
