"""What every reader yields: a stretch of records with their line numbers, and the lines that are none."""

from collections.abc import Generator
from dataclasses import dataclass, field

from cje_audit.domain.codes import FailureCode
from cje_audit.formats.limits import CHUNK_BYTES, EXCERPT_CHARS

Record = dict[str, object]


@dataclass(frozen=True, slots=True)
class Problem:
    """One line that cannot be a row. `line` is the 1-based physical line on which it starts."""

    line: int
    code: FailureCode
    reason: str
    excerpt: str


@dataclass(slots=True)
class Chunk:
    """Records in file order and, at the same index, the physical line each starts on.

    `from_text` says that every cell is text (CSV), so a number written as text is nothing to remark on
    and an empty cell is a missing one. `weight` is about how many bytes of the file are held.
    """

    records: list[Record] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    from_text: bool = False
    weight: int = 0

    def add(self, line: int, record: Record | Problem) -> None:
        """Take in one parsed record, or the reason why there is none."""
        if isinstance(record, Problem):
            self.problems.append(record)
        else:
            self.records.append(record)
            self.lines.append(line)

    def is_full(self, rows: int) -> bool:
        """Whether it holds enough to be made into a frame."""
        return len(self.lines) + len(self.problems) >= rows or self.weight >= CHUNK_BYTES


Chunks = Generator[Chunk]


def excerpt_of(data: bytes) -> str:
    r"""Return the start of a raw line as text of at most 200 characters.

    Examples
    --------
    >>> excerpt_of(b'  {"prompt": 1}\r\n')
    '{"prompt": 1}'
    """
    return data[: EXCERPT_CHARS * 4].decode("utf-8", "replace").strip()[:EXCERPT_CHARS]


def excerpt_of_record(record: Record) -> str:
    """Return the start of a parsed record, nested values left out, as text of at most 200 characters."""
    shown = ""
    for key, value in record.items():
        text = "…" if isinstance(value, dict | list | tuple) else str(value)[:EXCERPT_CHARS]
        shown += f"{', ' if shown else ''}{key[:EXCERPT_CHARS]}: {text}"
        if len(shown) >= EXCERPT_CHARS:
            break
    return shown[:EXCERPT_CHARS]
