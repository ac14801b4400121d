"""Parquet: only the columns that mean something to us, in small batches."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import InputError
from cje_audit.formats.chunks import Chunk, Chunks, Problem, Record
from cje_audit.formats.limits import MAX_COLUMNS, MAX_UNPACKED_BYTES

_BATCH = 1_000


def read_parquet(path: Path, rows: int, is_known: Callable[[str], bool]) -> Chunks:
    """Yield the records of a Parquet file in chunks of at most about `rows`; a record's line is its row, from 1.

    Raises
    ------
    InputError
        If the file is damaged, too large unpacked, or has no column known by name.
    """
    try:
        with pq.ParquetFile(path) as file:
            names = _columns(file, path.name, is_known)
            yield from _gather(_batches(file, names, path.name), rows)
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"The Parquet file {path.name} is damaged: {_first_line(error)}.", what_to_do="Write the file again."
        ) from error


def count_parquet_rows(path: Path) -> int | None:
    """Return how many rows the file says it holds, or None if it cannot be asked."""
    try:
        with pq.ParquetFile(path) as file:
            return int(file.metadata.num_rows)
    except (pa.ArrowException, OSError):
        return None


def _columns(file: Any, name: str, is_known: Callable[[str], bool]) -> list[str]:
    if file.metadata.num_columns > MAX_COLUMNS:
        raise InputError(
            f"{name} has {file.metadata.num_columns:,} columns; at most {MAX_COLUMNS:,} are read.",
            what_to_do="Keep the columns of the dataset and leave out the rest.",
        )
    found = list(file.schema_arrow.names)
    twice = next((c for c in found if found.count(c) > 1), None)
    if twice is not None:
        raise InputError(f"The column {twice} appears twice in {name}.", what_to_do="Rename one of the two.")
    known = [c for c in found if is_known(c)]
    if not known:
        raise InputError(
            f"{name} has no column we know.",
            expected="columns such as prompt_id, prompt, response",
            got=", ".join(found)[:200],
            what_to_do="Name the columns with --map COLUMN=FIELD.",
        )
    return known


def _batches(file: Any, names: list[str], name: str) -> Iterator[pa.RecordBatch]:
    unpacked = 0
    for batch in file.iter_batches(batch_size=_BATCH, columns=names):
        unpacked += batch.nbytes
        if unpacked > MAX_UNPACKED_BYTES:
            raise InputError(f"{name} unpacks to more than 2 GB.", what_to_do="Split the file and import the parts.")
        yield batch


def _gather(batches: Iterator[pa.RecordBatch], rows: int) -> Chunks:
    chunk, first = Chunk(), 1
    for batch in batches:
        _take(chunk, batch, first)
        chunk.weight += batch.nbytes
        first += batch.num_rows
        if chunk.is_full(rows):
            yield chunk
            chunk = Chunk()
    yield chunk


def _take(chunk: Chunk, batch: pa.RecordBatch, first: int) -> None:
    try:
        records = batch.to_pylist()
    except (ValueError, pa.ArrowException):
        for offset in range(batch.num_rows):
            chunk.add(first + offset, _one(batch.slice(offset, 1), first + offset))
        return
    chunk.records.extend(records)
    chunk.lines.extend(range(first, first + len(records)))


def _one(row: pa.RecordBatch, number: int) -> Record | Problem:
    try:
        return dict(row.to_pylist()[0])
    except UnicodeDecodeError:
        return Problem(number, FailureCode.ENCODING, f"Row {number} holds text that is not valid UTF-8.", "")
    except (ValueError, pa.ArrowException) as error:
        return Problem(number, FailureCode.SCHEMA, f"Row {number} cannot be read: {_first_line(error)}.", "")


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0].rstrip(". ")[:160]
