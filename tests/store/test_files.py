"""Files of a run."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cje_audit.domain.errors import InputError
from cje_audit.store.files import copy_into, hash_files, safe_name


@given(st.text(max_size=300))
def test_a_safe_name_never_leaves_its_folder(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert Path("/root/x", safe).parent == Path("/root/x")
    assert not set(safe) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert not safe.startswith(".")


def test_copies_keep_their_content_and_never_collide(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "rows.jsonl").write_text(folder)
    copies = copy_into([tmp_path / "a" / "rows.jsonl", tmp_path / "b" / "rows.jsonl"], tmp_path / "run")
    assert [c.read_text() for c in copies] == ["a", "b"]
    assert hash_files([copies[0]]) == hash_files([tmp_path / "a" / "rows.jsonl"]) != hash_files([copies[1]])


def test_a_missing_source_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file"):
        copy_into([tmp_path / "nothing"], tmp_path / "run")
