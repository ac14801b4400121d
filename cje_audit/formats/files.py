"""One given path to one readable source, or one plain sentence why it is none."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson

from cje_audit.domain.errors import InputError
from cje_audit.formats.chunks import Chunks
from cje_audit.formats.csv_file import read_csv
from cje_audit.formats.json_array import read_json_array
from cje_audit.formats.jsonl import read_jsonl
from cje_audit.formats.limits import MAX_FILE_BYTES
from cje_audit.formats.lines import BOM
from cje_audit.formats.logs.reading import LogReading
from cje_audit.formats.logs.sniff import KINDS, kind_of
from cje_audit.formats.parquet_file import read_parquet

_HEAD = 1 << 16
_READABLE = "a JSONL, JSON, CSV or Parquet file, or a log of Inspect, lm-evaluation-harness or promptfoo"
_TITLES = {"jsonl": "JSON Lines", "json": "a JSON array", "csv": "CSV", "tsv": "TSV", "parquet": "Parquet"}
_PARQUET = b"PAR1"
_SUFFIXES = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".csv": "csv", ".tsv": "tsv",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"PK\x05\x06", "an empty ZIP archive"),
    (0, b"\x1f\x8b", "gzip-compressed"),
    (0, b"\x28\xb5\x2f\xfd", "zstd-compressed"),
    (0, b"BZh", "bzip2-compressed"),
    (0, b"\xfd7zXZ\x00", "xz-compressed"),
    (0, b"SQLite format 3\x00", "a SQLite database"),
    (8, b"DUCK", "a DuckDB database"),
    (0, b"ARROW1", "an Arrow file"),
    (0, b"%PDF", "a PDF"),
    (0, b"\x80\x02", "a Python pickle"),
    (0, b"\x80\x03", "a Python pickle"),
    (0, b"\x80\x04\x95", "a Python pickle"),
    (0, b"\x80\x05\x95", "a Python pickle"),
)
_CONTROL = bytes(c for c in range(32) if c not in b"\t\n\r\f") + b"\x7f"


@dataclass(frozen=True)
class Source:
    """A file that looks readable, and the format it is in."""

    path: Path
    name: str
    format: str
    n_bytes: int

    @property
    def title(self) -> str:
        """What people call the format."""
        return KINDS[self.format].title if self.format in KINDS else _TITLES[self.format]

    def chunks(self, rows: int, is_known: Callable[[str], bool], reading: LogReading) -> Chunks:
        """Read the file in chunks of at most `rows` records."""
        if self.format in KINDS:
            return KINDS[self.format].read(self.path, rows, reading)
        if self.format == "parquet":
            return read_parquet(self.path, rows, is_known)
        if self.format in ("csv", "tsv"):
            return read_csv(self.path, rows, is_known)
        return read_json_array(self.path, rows) if self.format == "json" else read_jsonl(self.path, rows)


def open_source(path: Path, wanted: str, is_known: Callable[[str], bool]) -> Source:
    """Look at a file's first bytes and say how it is to be read.

    Parameters
    ----------
    path
        What the user gave.
    wanted
        A format of `ImportOptions`; `auto` lets content and name decide.
    is_known
        Whether a column's name means something to us.

    Raises
    ------
    InputError
        If it is no regular, non-empty text or Parquet file of at most 500 MB.
    """
    n_bytes = _size(path)
    head = _head(path)
    if head.startswith(_PARQUET) and wanted in ("auto", "parquet"):
        return Source(path, path.name, "parquet", n_bytes)
    text = head.removeprefix(BOM).lstrip()
    kind = kind_of(path, text) if wanted == "auto" or wanted in KINDS else None
    if kind is None or not text.startswith(b"PK"):
        _refuse_other_kinds(path.name, head)
    if kind is not None or wanted in KINDS:
        return Source(path, path.name, wanted if wanted in KINDS else kind or wanted, n_bytes)
    if not text and n_bytes <= _HEAD:
        raise InputError(
            f"{path.name} holds only blank space.", expected="at least one row", what_to_do="Check the export."
        )
    guessed = _guess(path, text, is_known) if wanted == "auto" or text.startswith(b"{") else wanted
    chosen = guessed if wanted in ("auto", "json") else wanted
    if chosen == "parquet":
        raise InputError(
            f"{path.name} is not a Parquet file: it does not start with PAR1.",
            expected="a Parquet file",
            what_to_do="Check the file, or leave the format to auto.",
        )
    if chosen == "json" and not text.startswith(b"["):
        _refuse_no_array(path.name, text)
    return Source(path, path.name, chosen, n_bytes)


def _size(path: Path) -> int:
    try:
        n_bytes = path.stat().st_size
        regular, folder = path.is_file(), path.is_dir()
    except OSError as error:
        raise InputError(
            f"There is no readable file {path}: {error.strerror}.", what_to_do="Check the path."
        ) from error
    except ValueError as error:
        raise InputError("The path of the file is not valid.", what_to_do="Check the path.") from error
    if folder:
        raise InputError(
            f"{path.name or path} is a directory.", expected=_READABLE, what_to_do="Name the file inside it."
        )
    if not regular:
        raise InputError(
            f"{path.name} is not a regular file.", expected=_READABLE, what_to_do="Save the data to a file."
        )
    if not n_bytes:
        raise InputError(f"{path.name} is empty.", expected="at least one row", what_to_do="Check the export.")
    if n_bytes > MAX_FILE_BYTES:
        raise InputError(
            f"{path.name} has {n_bytes / 1e6:,.0f} MB; at most 500 MB are read.", what_to_do="Split the file."
        )
    return n_bytes


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(_HEAD)
    except OSError as error:
        raise InputError(
            f"{path.name} cannot be read: {error.strerror}.", what_to_do="Check its permissions."
        ) from error


def _refuse_other_kinds(name: str, head: bytes) -> None:
    if head.startswith(_PARQUET):
        raise InputError(f"{name} is a Parquet file.", what_to_do="Leave the format to auto, or say parquet.")
    kind = next((k for at, magic, k in _MAGIC if head[at : at + len(magic)] == magic), None)
    if kind is not None:
        raise InputError(
            f"{name} is {kind}, which is not read as a dataset.",
            expected=_READABLE,
            got=kind,
            what_to_do="Unpack or export it, and import the file inside.",
        )
    if _is_utf16(head):
        raise InputError(
            f"{name} is UTF-16 text.", expected="UTF-8 text", got="UTF-16", what_to_do="Save the file as UTF-8."
        )
    odd = len(head) - len(head.translate(None, _CONTROL)) + head.decode("utf-8", "replace").count("\ufffd")
    if odd * 10 > len(head):
        raise InputError(
            f"{name} is not UTF-8 text.",
            expected=_READABLE,
            got="binary data",
            what_to_do="Save the data as UTF-8 text.",
        )


def _is_utf16(head: bytes) -> bool:
    """Tell UTF-16 and UTF-32 by their byte order mark, or by every other byte being NUL."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")):
        return True
    sides = (head[0::2], head[1::2])
    return len(head) >= 4 and any(side.count(0) * 10 > len(side) * 4 for side in sides)


def _guess(path: Path, text: bytes, is_known: Callable[[str], bool]) -> str:
    """Content first, name second: a JSON file that is called .csv is read as JSON."""
    by_name = _SUFFIXES.get(path.suffix.lower())
    first = text.partition(b"\n")[0].strip()
    if by_name in ("csv", "tsv") and _names_columns(first, is_known):
        return by_name
    if text.startswith(b"["):
        return "jsonl" if by_name == "jsonl" and _is_plain_list(first) else "json"
    if text.startswith(b"{"):
        return "json" if first == b"{" else "jsonl"
    if by_name is not None:
        return by_name
    if _names_columns(first, is_known):
        return "csv"
    raise InputError(
        f"The format of {path.name} cannot be recognised.",
        expected=_READABLE,
        got=first[:80].decode("utf-8", "replace"),
        what_to_do="Name the format with --format.",
    )


def _is_plain_list(line: bytes) -> bool:
    """Whether a whole line is a JSON list that holds no rows, so that the file is lines and this one is bad."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return isinstance(value, list) and not any(isinstance(v, dict) for v in value)


def _names_columns(line: bytes, is_known: Callable[[str], bool]) -> bool:
    text = line.decode("utf-8", "replace")
    return any(is_known(cell.strip()) for d in ",\t;|" for row in csv.reader([text], delimiter=d) for cell in row)


def _refuse_no_array(name: str, text: bytes) -> None:
    raise InputError(
        f"{name} holds one JSON object over several lines."
        if text.startswith(b"{")
        else f"{name} is not a JSON array.",
        expected="one JSON object per line, or an array of objects",
        what_to_do="Write one row per line (JSON Lines).",
    )
