"""A stranger's ZIP of JSON documents, read member by member: nothing is unpacked to disk, and every size is bounded."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import zstandard

from cje_audit.domain.errors import InputError
from cje_audit.formats.limits import MAX_MEMBERS, MAX_RATIO, MAX_UNPACKED_ARCHIVE

_ZSTANDARD = 93  # the method number in the ZIP specification; the standard library knows it from Python 3.14 on
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, _ZSTANDARD)
_LOCAL_HEADER = 30
_NESTED = (b"PK\x03\x04", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\x00")


def names_in(path: Path) -> set[str]:
    """Return what an archive's members are called; empty for a file that is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            return set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, EOFError):
        return set()


def members(path: Path) -> list[zipfile.ZipInfo]:
    """Return the files of an archive, in their order.

    Raises
    ------
    InputError
        If it is damaged or encrypted, holds a link, a path that leads out of it, too many members, or unpacks to far
        more than it should.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            found = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, EOFError) as error:
        raise InputError(
            f"{path.name} is damaged: it cannot be read as an archive.", what_to_do="Export it again."
        ) from error
    reason = _refusal(found)
    if reason is not None:
        raise InputError(f"{path.name} is not read: {reason}.", what_to_do="Check where this file comes from.")
    return found


def _refusal(found: list[zipfile.ZipInfo]) -> str | None:
    if len(found) > MAX_MEMBERS:
        return f"it has {len(found):,} members, and at most {MAX_MEMBERS:,} are read"
    reasons = (_member_refusal(info) for info in found)
    first = next((reason for reason in reasons if reason is not None), None)
    total = sum(info.file_size for info in found)
    if first is None and total > MAX_UNPACKED_ARCHIVE:
        return f"it unpacks to {total / 1e6:,.0f} MB, and at most {MAX_UNPACKED_ARCHIVE / 1e6:,.0f} MB are read"
    return first


def _member_refusal(info: zipfile.ZipInfo) -> str | None:
    if leads_out(info.filename):
        return "a member's path leads out of the archive"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "it holds a symbolic link"
    if info.flag_bits & 1:
        return "it is encrypted"
    if info.file_size > MAX_RATIO * max(info.compress_size, 1):
        return f"a member unpacks to more than {MAX_RATIO} times its size"
    return None if info.compress_type in _METHODS else "it is compressed with a method that is not known here"


def leads_out(name: str) -> bool:
    r"""Say whether a member's name is a path that leads out of the archive's own folder.

    Examples
    --------
    >>> [leads_out(name) for name in ("samples/a.json", "../a", "/etc/a", "a/../../b", "C:/a", "a\\..\\b")]
    [False, True, True, True, True, True]
    """
    return name.startswith("/") or "\\" in name or ":" in name[:2] or ".." in name.split("/")


def read_members(path: Path, wanted: Iterable[zipfile.ZipInfo]) -> Iterable[tuple[str, bytes | None]]:
    """Yield name and content of members one after the other; None for one that is damaged or itself an archive."""
    with path.open("rb") as stream:
        for info in wanted:
            yield info.filename, _content(stream, info)


def _content(stream: BinaryIO, info: zipfile.ZipInfo) -> bytes | None:
    stream.seek(info.header_offset)
    header = stream.read(_LOCAL_HEADER)
    if len(header) < _LOCAL_HEADER or not header.startswith(b"PK\x03\x04"):
        return None
    name_bytes, extra_bytes = struct.unpack("<HH", header[26:30])
    stream.seek(name_bytes + extra_bytes, 1)
    try:
        data = _inflate(stream.read(info.compress_size), info)
    except (zlib.error, zstandard.ZstdError):
        return None
    whole = len(data) == info.file_size and zlib.crc32(data) == info.CRC
    return data if whole and not data.startswith(_NESTED) else None


def _inflate(packed: bytes, info: zipfile.ZipInfo) -> bytes:
    """Unpack at most one byte more than the archive's directory promises."""
    if info.compress_type == zipfile.ZIP_STORED:
        return packed
    if info.compress_type == zipfile.ZIP_DEFLATED:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, info.file_size + 1)
    with zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True) as reader:
        return reader.read(info.file_size + 1)
