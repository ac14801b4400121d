"""A dataset made elsewhere, read whole: good rows as one frame, bad lines listed."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import InputError
from cje_audit.formats.chunks import Chunk
from cje_audit.formats.duplicates import distinct, with_row_ids
from cje_audit.formats.files import Source, open_source
from cje_audit.formats.joining import beside_rows, join, with_stand_in
from cje_audit.formats.limits import CHUNK_ROWS, GIVE_UP_AFTER, MAX_ROWS
from cje_audit.formats.logs.reading import LogReading
from cje_audit.formats.naming import Fields, layout_of
from cje_audit.formats.options import ImportOptions
from cje_audit.formats.quarantine import SCHEMA, quarantine_frame, without_response
from cje_audit.formats.table import Tabulator

Progress = Callable[[int], None]
LOGGING_NAME = "base"


@dataclass(frozen=True)
class Imported:
    """What an import read.

    Attributes
    ----------
    rows
        One line per row in file order; a measured cell is a finite float64, or null with a code beside it.
    policies
        Target policies in order of first appearance.
    logging_name
        What the logging policy is called.
    layout
        `arena` or `cje_audit`.
    quarantine
        source, line, reason, code, excerpt of every line that is no row.
    n_lines
        Lines that hold something: always `rows.height + n_exact_duplicates + quarantine.height`.
    n_exact_duplicates
        Copies of a row that were dropped.
    conflicting_ids
        Row ids of which copies differ; all of these are in quarantine.
    notes
        Plain sentences on what was read differently from how it was written.
    """

    rows: pl.DataFrame
    policies: tuple[str, ...]
    logging_name: str
    layout: str
    quarantine: pl.DataFrame
    n_lines: int
    n_exact_duplicates: int
    conflicting_ids: tuple[str, ...]
    notes: tuple[str, ...]


def read_dataset(paths: Sequence[Path], options: ImportOptions, progress: Progress | None = None) -> Imported:
    """Read files as one dataset.

    Parameters
    ----------
    paths
        The files, in order.
    options
        Format and column names.
    progress
        Called with the number of lines read so far.

    Raises
    ------
    InputError
        If a file cannot be read as a dataset at all, or no line of it is a row.
    """
    reader = DatasetReader(options)
    imported = reader.read(paths, progress)
    reader.refuse_unmet_mapping()
    refuse_no_rows(imported, reader.tabulator.columns, paths[0].name)
    return imported


def refuse_unreadable(paths: Sequence[Path], options: ImportOptions) -> None:
    """Look at sizes and first bytes only, so that nothing hopeless is copied or queued.

    Raises
    ------
    InputError
        If one of the paths is a directory, too large, empty, an archive, not UTF-8, or in no format we know.
    """
    fields = Fields(options.mapping)
    for path in paths:
        open_source(path, options.format, fields.is_known)


@dataclass(frozen=True)
class FileRead:
    """One file of an import: its format, how many of its lines were read, and whether they are joined to rows."""

    name: str
    format: str
    title: str
    n_lines: int
    joined: bool


class DatasetReader:
    """Reads files into one dataset; columns met, notes and what each file was are kept for those who ask."""

    def __init__(self, options: ImportOptions) -> None:
        self._options = options
        self.tabulator = Tabulator(Fields(options.mapping))
        self.reading = LogReading(options.mapping, options.rows_of)
        self.n_lines_of: Counter[str] = Counter()
        self.files: list[FileRead] = []

    def read(self, paths: Sequence[Path], progress: Progress | None = None, limit: int | None = None) -> Imported:
        """Read all files, or about the first `limit` lines of each; other than `read_dataset`, accept no row at all."""
        if not paths:
            raise InputError("No file was named.", expected="at least one file", what_to_do="Name the dataset's file.")
        names = source_names(paths)
        sources = [open_source(path, self._options.format, self.tabulator.fields.is_known) for path in paths]
        beside = beside_rows(sources, self.tabulator.fields, self.reading)
        read: list[list[pl.DataFrame]] = [[] for _ in sources]
        bad = [pl.DataFrame(schema=SCHEMA)]
        for i, (source, name) in enumerate(zip(sources, names, strict=True)):
            for frame, problems in self._file(source, name, limit, joined=i in beside):
                read[i].append(frame)
                bad.append(problems)
                self.n_lines_of[name] += frame.height + problems.height
                n_lines = self.n_lines_of.total()
                _refuse_too_many(n_lines)
                if progress is not None:
                    progress(n_lines)
            self.files.append(FileRead(name, source.format, source.title, self.n_lines_of[name], i in beside))
        rows = [frame for i, frames in enumerate(read) if i not in beside for frame in frames]
        self.reading.refuse_nothing_of_it(sum(frame.height for frame in rows))
        return self._finish(rows, {names[i]: read[i] for i in sorted(beside)}, bad, whole=limit is None)

    def refuse_unmet_mapping(self) -> None:
        """Raise if `--map` names a column that no file has."""
        columns = self.tabulator.columns
        unmet = self.tabulator.fields.unmet(columns)
        if unmet:
            raise InputError(
                f"The data has no column {unmet[0]}, which was to be read as {self._options.mapping[unmet[0]]}.",
                expected=", ".join(columns)[:200],
                got=unmet[0],
                what_to_do="Use a column that is there.",
            )

    def _file(
        self, source: Source, name: str, limit: int | None, *, joined: bool
    ) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        n_good = n_bad = 0
        for chunk in _chunks(source, self.tabulator.fields.is_known, self.reading, limit):
            frame, problems = self.tabulator.table(with_stand_in(chunk) if joined else chunk, name)
            n_good += frame.height
            n_bad += len(problems)
            bad = quarantine_frame(problems, name)
            if not n_good and n_bad >= GIVE_UP_AFTER:
                raise InputError(
                    f"{name} holds no row in its first {n_bad:,} lines: {_first_reason(bad)}",
                    what_to_do="Check that this is the file you meant.",
                )
            yield frame, bad

    def _finish(
        self,
        frames: list[pl.DataFrame],
        beside: Mapping[str, list[pl.DataFrame]],
        bad: list[pl.DataFrame],
        *,
        whole: bool,
    ) -> Imported:
        policies = tuple(self.tabulator.policies)
        complete = [_complete(frame, policies) for frame in frames]
        rows = pl.concat(complete, how="diagonal", rechunk=False) if complete else pl.DataFrame()
        rows, no_response = without_response(rows)
        found = distinct(with_row_ids(rows), bad[0])
        kept, n_used = found.rows, 0
        for name, values in beside.items():
            joined = join(kept, [_complete(frame, policies) for frame in values], name, whole=whole)
            kept = joined.rows
            bad.append(joined.quarantine)
            n_used += sum(frame.height for frame in values) - joined.quarantine.height
            self.tabulator.notes.say(joined.note)
        layout = layout_of((*self.tabulator.columns, *self._options.mapping.values()))
        return Imported(
            rows=kept,
            policies=policies,
            logging_name=_free_name(policies),
            layout="cje_audit" if layout is None else layout,
            quarantine=pl.concat([*bad, no_response, found.quarantine]).sort("source", "line", maintain_order=True),
            n_lines=self.n_lines_of.total() - n_used,
            n_exact_duplicates=found.n_exact,
            conflicting_ids=found.conflicting,
            notes=self.tabulator.notes.sentences(),
        )


def _free_name(policies: Sequence[str]) -> str:
    """Return `base`, lengthened where a target policy is called so."""
    name = LOGGING_NAME
    while name in policies:
        name += "_logging"
    return name


def source_names(paths: Sequence[Path]) -> list[str]:
    """Return a name for each file: its own or, where two share one, with as much of the path as tells them apart."""
    names = [path.name for path in paths]
    if len(set(names)) == len(names):
        return names
    return [str(path) for path in paths]


def _chunks(source: Source, known: Callable[[str], bool], reading: LogReading, limit: int | None) -> Iterator[Chunk]:
    seen = 0
    for chunk in source.chunks(CHUNK_ROWS if limit is None else limit, known, reading):
        yield chunk
        seen += len(chunk.lines) + len(chunk.problems)
        if limit is not None and seen >= limit:
            return


def _refuse_too_many(n_lines: int) -> None:
    if n_lines > MAX_ROWS:
        raise InputError(f"The data has more than {MAX_ROWS:,} lines.", what_to_do="Import a part of it.")


def _complete(frame: pl.DataFrame, policies: Sequence[str]) -> pl.DataFrame:
    """Add the columns of policies that this part of the file did not name: missing, with their code."""
    absent = [p for p in policies if f"target_code:{p}" not in frame.columns]
    nothing = pl.lit(None, dtype=pl.String)
    return frame.with_columns(
        *(pl.lit(None, dtype=pl.Float64).alias(f"target_logprob:{p}") for p in absent),
        *(pl.lit(FailureCode.NO_SCORE.value).alias(f"target_code:{p}") for p in absent),
        *(nothing.alias(f"target_detail:{p}") for p in absent),
    )


def refuse_no_rows(imported: Imported, columns: Iterable[str], name: str) -> None:
    """Raise if no line of the files was a row."""
    if imported.rows.height:
        return
    why = f": {_first_reason(imported.quarantine)}" if imported.quarantine.height else "."
    raise InputError(
        f"{name} holds no row{why}",
        expected="at least one line with prompt_id, prompt and, for an import, response",
        got=f"columns {', '.join(columns)}"[:200],
        what_to_do="Correct the lines, or say which column is which: under Columns, or with --map COLUMN=FIELD.",
    )


def _first_reason(bad: pl.DataFrame) -> str:
    """Return what is wrong with the first line, and for how many more the same or something else is."""
    first = str(bad["reason"][0]).removesuffix(".")
    more = bad.height - 1
    return f"{first[:1].lower()}{first[1:]}{f', and so for {more:,} more' if more else ''}."
