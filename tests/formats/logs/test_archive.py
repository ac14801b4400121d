"""A stranger's archive: bombs, links, ways out, damage."""

import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cje_audit.domain.errors import InputError
from cje_audit.formats.dataset import read_dataset
from cje_audit.formats.logs.archive import members, read_members
from cje_audit.formats.options import ImportOptions
from tests.formats.logs.made import INSPECT

SAMPLE = {
    "id": "a",
    "epoch": 1,
    "input": "Q?",
    "output": {"choices": [{"stop_reason": "stop"}], "completion": "A."},
    "scores": {},
}


def archive(folder: Path, *more: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    """Write what looks like an Inspect log, with further members."""
    path = folder / "log.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("header.json", "{}")
        out.writestr("samples/a_epoch_1.json", json.dumps(SAMPLE))
        for name, data in more:
            out.writestr(name, data)
    return path


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("samples/link.json")
    info.external_attr = 0o120777 << 16
    return info


HOSTILE: dict[str, tuple[tuple[str | zipfile.ZipInfo, bytes], str]] = {
    "slip": (("../evil.json", b"{}"), "leads out"),
    "absolute": (("/etc/evil.json", b"{}"), "leads out"),
    "windows": (("a\\..\\evil.json", b"{}"), "leads out"),
    "bomb": (("samples/b.json", b"0" * 5_000_000), "100 times"),
    "link": ((link(), b"/etc/passwd"), "symbolic link"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_archive_is_one_sentence(kind: str, tmp_path: Path) -> None:
    member, said = HOSTILE[kind]
    path = archive(tmp_path, member)
    with pytest.raises(InputError, match=said):
        read_dataset([path], ImportOptions())
    assert [p.name for p in tmp_path.iterdir()] == ["log.eval"]


def test_too_many_members_and_too_many_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive(tmp_path)
    monkeypatch.setattr("cje_audit.formats.logs.archive.MAX_MEMBERS", 1)
    with pytest.raises(InputError, match="2 members"):
        members(path)
    monkeypatch.setattr("cje_audit.formats.logs.archive.MAX_MEMBERS", 10)
    monkeypatch.setattr("cje_audit.formats.logs.archive.MAX_UNPACKED_ARCHIVE", 10)
    with pytest.raises(InputError, match="unpacks to"):
        members(path)


def test_an_encrypted_member_is_a_sentence(tmp_path: Path) -> None:
    data = bytearray(archive(tmp_path).read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1
    (tmp_path / "log.eval").write_bytes(data)
    with pytest.raises(InputError, match="encrypted"):
        read_dataset([tmp_path / "log.eval"], ImportOptions())


def test_a_member_that_lies_about_its_size_or_is_an_archive_costs_only_itself(tmp_path: Path) -> None:
    inner = archive(tmp_path).read_bytes()
    path = archive(
        tmp_path, ("samples/inner.json", inner), ("samples/c.json", json.dumps(SAMPLE | {"id": "c"}).encode())
    )
    data = bytearray(path.read_bytes())
    at = data.index(b"samples/c.json", data.rindex(b"samples/inner.json")) - 46
    data[at + 24 : at + 28] = struct.pack("<I", 5)  # the directory says fewer bytes than there are
    path.write_bytes(data)
    found = read_dataset([path], ImportOptions())
    assert found.rows["row_id"].to_list() == ["a"]
    reasons = [reason.partition(":")[0] for reason in found.quarantine["reason"]]
    assert reasons == ["Sample 2 cannot be read", "Sample 3 cannot be read"]


@pytest.mark.parametrize("cut", [lambda b: b[: len(b) // 2], lambda b: b"PK\x03\x04" + b"x" * 500])
def test_a_damaged_archive_is_one_sentence(cut: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "log.eval"
    path.write_bytes(cut(INSPECT.read_bytes()))
    with pytest.raises(InputError, match="ZIP archive"):
        read_dataset([path], ImportOptions())


def test_every_flipped_byte_ends_in_rows_or_a_sentence(tmp_path: Path) -> None:
    whole = INSPECT.read_bytes()
    path = tmp_path / "log.eval"
    for at in range(0, len(whole), 701):
        data = bytearray(whole)
        data[at] ^= 0xFF
        path.write_bytes(data)
        try:
            found = read_dataset([path], ImportOptions())
        except InputError as error:
            assert error.sentence.endswith(".")
        else:
            assert found.rows.height + found.quarantine.height == found.n_lines


def test_members_are_read_by_whatever_method_they_were_packed(tmp_path: Path) -> None:
    packed = {info.filename: info.compress_type for info in members(INSPECT)}
    assert set(packed.values()) == {93}
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        path = tmp_path / f"{method}.zip"
        with zipfile.ZipFile(path, "w", method) as out:
            out.writestr("a.json", b"[1, 2]" * 20)
        assert list(read_members(path, members(path))) == [("a.json", b"[1, 2]" * 20)]
