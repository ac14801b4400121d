"""JSON Lines: one object per line."""

from pathlib import Path

import orjson

from cje_audit.formats.chunks import Chunk, Chunks
from cje_audit.formats.json_text import parse_record, too_long
from cje_audit.formats.lines import physical_lines

_BUFFER = 1 << 20


def read_jsonl(path: Path, rows: int) -> Chunks:
    """Yield the records of a JSON Lines file in chunks of at most `rows`; blank lines are passed over."""
    chunk = Chunk()
    with path.open("rb", buffering=_BUFFER) as stream:
        for number, data, whole in physical_lines(stream):
            _take(chunk, number, data, whole)
            if chunk.is_full(rows):
                yield chunk
                chunk = Chunk()
    yield chunk


def _take(chunk: Chunk, number: int, data: bytes, whole: bool) -> None:
    chunk.weight += len(data)
    try:
        record = orjson.loads(data)
    except orjson.JSONDecodeError:
        record = None
    if whole and type(record) is dict:
        chunk.records.append(record)
        chunk.lines.append(number)
    elif data.strip():
        chunk.add(number, parse_record(number, data) if whole else too_long(number, data))
