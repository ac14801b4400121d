import io
from pathlib import Path
from typing import Any

import pytest

from app import session
from cje_audit.domain.errors import InputError


class Upload(io.BytesIO):
    """What Streamlit hands over: a file with a name, a size and an id; it counts how much is read at once."""

    def __init__(self, body: bytes, *, size: int | None = None) -> None:
        super().__init__(body)
        self.name = "rows.jsonl"
        self.size = len(body) if size is None else size
        self.file_id = "f1"
        self.largest_read = 0

    def read(self, n: int | None = -1, /) -> bytes:
        self.largest_read = max(self.largest_read, -1 if n is None else n)
        return super().read(n)


def test_an_upload_reaches_the_disk_whole_and_in_chunks(tmp_path: Path) -> None:
    body = bytes(range(256)) * 10_000
    upload = Upload(body)
    upload.seek(77)
    path = session._copy(upload, tmp_path / "rows.jsonl")
    assert path.read_bytes() == body
    assert upload.largest_read == session.CHUNK


def test_an_upload_above_the_limit_is_refused_before_a_byte_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="larger than 500 MB"):
        session._copy(Upload(b"x", size=session.UPLOAD_LIMIT + 1), tmp_path / "rows.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_streamlit_enforces_the_same_limit() -> None:
    config: Any = Path(session.__file__).with_name(".streamlit") / "config.toml"
    assert f"maxUploadSize = {session.UPLOAD_LIMIT // 1024**2}\n" in config.read_text(encoding="utf-8")
