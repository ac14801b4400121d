"""A run as one zip file: its tables as Parquet, everything else as JSON, never a database file.

The bytes depend on the run alone: fixed order and times, nothing compressed by the zip itself (Parquet already is).
Reading trusts nothing: known names only, no links, and bounds on members, size and unpacking.
"""

import hashlib
import io
import json
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from cje_audit.domain.errors import InputError
from cje_audit.store.tables import TABLES, RunTables, TableWrite

SCHEMA = "cje-audit/bundle/1"
MANIFEST = "bundle.json"
DOCUMENTS = ("run.json", "config.json", "report.json", "decisions.json")
MOST_MEMBERS, MOST_BYTES, LARGEST_RATIO, MOST_ROWS = 1_000, 500 * 2**20, 100, 50_000_000
CHUNK = 2**20
LONG_AGO = (1980, 1, 1, 0, 0, 0)
MAKE_AGAIN = "Export the run again."


def table_member(table: str) -> str:
    """Return the name of a table inside a bundle."""
    return f"tables/{table}.parquet"


KNOWN = frozenset({MANIFEST, *DOCUMENTS, *map(table_member, TABLES)})


def write_bundle(path: Path, documents: Mapping[str, object], tables: RunTables) -> str:
    """Write a bundle and return its SHA-256.

    Raises
    ------
    InputError
        When the file cannot be written.
    """
    members = {name: _json(document) for name, document in documents.items()}
    members |= {table_member(name): _parquet(tables.table(name)) for name in TABLES}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(members.items())}
    members[MANIFEST] = _json({"schema": SCHEMA, "sha256": hashes})
    unfinished = path.with_name(f"{path.name}.part")
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive:
            for name in sorted(members):
                archive.writestr(_entry(name), members[name])
        unfinished.replace(path)
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"The file {path} cannot be written: {error.strerror}.", what_to_do="Choose another place."
        ) from error


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, LONG_AGO)
    entry.external_attr, entry.create_system = 0o600 << 16, 3
    return entry


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, allow_nan=False, indent=1).encode("utf-8")


def _parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out, compression="zstd", statistics=False)
    return out.getvalue()


class Bundle:
    """A bundle that was read whole, within the bounds; its hashes are looked at by `faults`."""

    def __init__(self, members: Mapping[str, bytes]) -> None:
        self._members = members

    @classmethod
    def read(cls, path: Path) -> "Bundle":
        """Read a bundle from a file that a stranger may have made.

        Raises
        ------
        InputError
            When it is no bundle, holds anything unknown, or breaks a bound.
        """
        try:
            with zipfile.ZipFile(path) as archive:
                entries = archive.infolist()
                _refuse_other(path, entries)
                _refuse_strange(entries)
                return cls(_members(archive, entries))
        except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError) as error:
            raise InputError(
                f"The file {path.name} is not a bundle, or is damaged.", expected="a zip file", what_to_do=MAKE_AGAIN
            ) from error

    def faults(self) -> list[str]:
        """Return what of the bundle is not as it was written; nothing when every hash fits."""
        manifest = self.document(MANIFEST)
        told = manifest.get("sha256") if isinstance(manifest, dict) else None
        if not isinstance(told, dict) or manifest.get("schema") != SCHEMA:
            return ["The bundle has no list of its files that this version can read."]
        there = set(self._members) - {MANIFEST}
        gone = [f"{name}: missing" for name in sorted((KNOWN - {MANIFEST}) - there)]
        found = {name: hashlib.sha256(self._members[name]).hexdigest() for name in sorted(there)}
        return gone + [f"{name}: changed after it was written" for name, h in found.items() if told.get(name) != h]

    def document(self, name: str) -> Any:
        """Return a JSON member.

        Raises
        ------
        InputError
            When it is missing or not JSON.
        """
        try:
            return json.loads(self._members[name])
        except (KeyError, ValueError, RecursionError) as error:
            raise InputError(f"The bundle has no readable {name}.", what_to_do=MAKE_AGAIN) from error

    def load_into(self, tables: RunTables) -> None:
        """Put every table into a run's empty database.

        Raises
        ------
        InputError
            When a table is damaged, too large, or not of this shape.
        """
        for name in TABLES:
            frame = _frame(self._members.get(table_member(name), b""), name)
            try:
                tables.load(TableWrite(name, frame))
            except duckdb.Error as error:
                raise InputError(
                    f"The bundle's table {name} does not have the shape this version reads.", what_to_do=MAKE_AGAIN
                ) from error


def _refuse_other(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    """Refuse a zip that nobody meant as a bundle, and say what to do with the files inside it."""
    if not any(entry.filename in KNOWN for entry in entries):
        raise InputError(
            f"{path.name} is a ZIP archive, but not a bundle of CJE Audit.",
            expected="a file written by cje-audit export, or rows as JSONL, CSV or Parquet",
            what_to_do="Unpack it and import the files inside it.",
        )


def _refuse_strange(entries: list[zipfile.ZipInfo]) -> None:
    """Refuse members nobody of ours writes: other names, links, too many, too large, packed beyond reason."""
    names = [entry.filename for entry in entries]
    if len(names) > MOST_MEMBERS:
        raise InputError(
            "The bundle holds too many files.", expected=f"at most {MOST_MEMBERS:,}", got=f"{len(names):,}"
        )
    strange = [n for n in names if n not in KNOWN] + [n for n in set(names) if names.count(n) > 1]
    strange += [e.filename for e in entries if stat.S_ISLNK(e.external_attr >> 16) or e.flag_bits & 1]
    if strange:
        raise InputError(
            f"The bundle holds a file that does not belong there: {strange[0][:200]!r}.",
            expected="Parquet and JSON files of a run", what_to_do="Use only bundles that cje-audit export wrote.",
        )  # fmt: skip
    bombs = [e for e in entries if e.file_size > LARGEST_RATIO * max(e.compress_size, 1)]
    if bombs or sum(e.file_size for e in entries) > MOST_BYTES:
        raise InputError(
            "The bundle unpacks to more than is read.",
            expected=f"at most {MOST_BYTES // 2**20} MB, and {LARGEST_RATIO} times its size",
        )


def _members(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> dict[str, bytes]:
    """Read every member in chunks; what a header promised is not believed."""
    found: dict[str, bytes] = {}
    left = MOST_BYTES
    for entry in entries:
        data = bytearray()
        with archive.open(entry) as stream:
            while chunk := stream.read(CHUNK):
                data += chunk
                left -= len(chunk)
                if left < 0 or len(data) > LARGEST_RATIO * max(entry.compress_size, 1):
                    raise InputError("The bundle unpacks to more than is read.")
        found[entry.filename] = bytes(data)
    return found


def _frame(data: bytes, name: str) -> pl.DataFrame:
    try:
        with pq.ParquetFile(io.BytesIO(data)) as file:
            unpacked = sum(file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
            if file.metadata.num_rows > MOST_ROWS or unpacked > 4 * MOST_BYTES:
                raise InputError(f"The bundle's table {name} unpacks to more than is read.")
        return pl.read_parquet(io.BytesIO(data))
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError, OverflowError) as error:
        raise InputError(f"The bundle's table {name} is damaged.", what_to_do=MAKE_AGAIN) from error
