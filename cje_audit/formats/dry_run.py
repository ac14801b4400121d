"""What an import would read: a look at the first lines of each file, nothing stored."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from cje_audit.formats.dataset import DatasetReader, FileRead, Imported, refuse_no_rows, source_names
from cje_audit.formats.files import Source, open_source
from cje_audit.formats.limits import DRY_RUN_ROWS
from cje_audit.formats.logs.sniff import KINDS, count_records
from cje_audit.formats.options import ImportOptions
from cje_audit.formats.parquet_file import count_parquet_rows

NO_LOGPROBS = (
    "This format carries no log-probabilities, so no row can be weighed yet. Name the file as data.path of an "
    "experiment, and every policy scores these responses; or import POLICY_logprobs.jsonl files beside it."
)
_LINES = ("lm_eval", "logprobs")  # logs that have a line for each row
_BLOCK = 1 << 22
_SHOWN = 5


@dataclass(frozen=True)
class StageReady:
    """Whether the files hold what one stage needs, and a sentence on it."""

    stage: str
    ready: bool
    sentence: str


@dataclass(frozen=True)
class FileSeen:
    """What one file was taken for, how many rows it holds, and what it is used for."""

    name: str
    format: str
    sentence: str


@dataclass(frozen=True)
class DryRun:
    """What an import would read; `n_rows` counts all rows, the rest is from the lines looked at."""

    layout: str
    files: tuple[FileSeen, ...]
    n_rows: int
    n_quarantined: int
    policies: tuple[str, ...]
    columns: tuple[str, ...]
    stages: tuple[StageReady, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return asdict(self)


def dry_run(paths: Sequence[Path], options: ImportOptions) -> DryRun:
    """Look at the first 2,000 lines or so of each file and say what an import would find.

    Raises
    ------
    InputError
        If a file cannot be read as a dataset at all.
    """
    reader = DatasetReader(options)
    head = reader.read(paths, limit=DRY_RUN_ROWS)
    reader.refuse_unmet_mapping()
    refuse_no_rows(head, reader.tabulator.columns, paths[0].name)
    unread, notes = _unread(paths, options, reader, head)
    return DryRun(
        layout=head.layout,
        files=tuple(_seen(file, head) for file in reader.files),
        n_rows=head.rows.height + unread,
        n_quarantined=head.quarantine.height,
        policies=head.policies,
        columns=tuple(reader.tabulator.columns),
        stages=_stages(head),
        problems=_problems(head),
        notes=(*notes, *_copies(head), *head.notes),
    )


def columns_of(paths: Sequence[Path], options: ImportOptions) -> tuple[str, ...]:
    """Return the columns of the first lines of files, whether or not they make rows."""
    reader = DatasetReader(options)
    reader.read(paths, limit=DRY_RUN_ROWS)
    return tuple(reader.tabulator.columns)


def _seen(file: FileRead, head: Imported) -> FileSeen:
    """Say what a file is; a log without log-probs is told what it lacks, and what can be done."""
    lines = "1 row" if file.n_lines == 1 else f"{file.n_lines:,} rows"
    used = "its values are joined to the rows by prompt_id" if file.joined else "its rows are the dataset"
    told = f"{file.name} is {file.title}: {lines} looked at, {used}."
    if file.format in KINDS and not file.joined and not _has_logprobs(head):
        told += f" {NO_LOGPROBS}"
    return FileSeen(file.name, file.format, told)


def _has_logprobs(head: Imported) -> bool:
    columns = ["logging_logprob", *(f"target_logprob:{p}" for p in head.policies)]
    return any(bool(head.rows[column].is_not_null().any()) for column in columns)


def _unread(
    paths: Sequence[Path], options: ImportOptions, reader: DatasetReader, head: Imported
) -> tuple[int, list[str]]:
    """Return how many lines lie behind those looked at, and a note for each file that was not read whole."""
    unread, notes = 0, []
    for path, name in zip(paths, source_names(paths), strict=True):
        source = open_source(path, options.format, reader.tabulator.fields.is_known)
        looked = reader.n_lines_of[name]
        if looked < DRY_RUN_ROWS:
            continue
        total = count_rows(source)
        if total is None:
            notes.append(f"Only the first {looked:,} rows of {name} were looked at; it may hold more.")
        elif total > looked:
            notes.append(f"Only the first {looked:,} of {total:,} lines of {name} were looked at.")
            unread += total - looked
    return unread, notes


def count_rows(source: Source) -> int | None:
    """Return how many rows a file holds at most, by its line breaks; None where only reading it whole would tell."""
    if source.format in KINDS and source.format not in _LINES:
        return count_records(source.path, source.format)
    if source.format == "parquet":
        return count_parquet_rows(source.path)
    if source.format == "json":
        return None
    breaks, last = 0, b""
    with source.path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            breaks += block.count(b"\n")
            last = block
    lines = breaks + (not last.endswith(b"\n"))
    return lines - 1 if source.format in ("csv", "tsv") else lines


def _stages(head: Imported) -> tuple[StageReady, ...]:
    rows = head.rows
    responses = int(rows["response"].is_not_null().sum())
    parts = [_dataset(rows, responses), _logging(rows, responses), _targets(head), _judge(rows)]
    missing = [part.stage for part in parts if not part.ready]
    labels = int(rows["oracle_label"].is_not_null().sum())
    told = f"Needs what is missing under {', '.join(missing).replace('_', ' ')}."
    if not missing:
        told = f"Can run; {_of(labels, rows.height)} carry an oracle label."
    return (*parts, StageReady("estimation", not missing, told))


def _dataset(rows: pl.DataFrame, responses: int) -> StageReady:
    if not rows.height:
        return StageReady("dataset", False, "No line is a row: each needs a prompt_id, a prompt and a response.")
    if not responses:
        return StageReady("dataset", True, f"{rows.height:,} prompts, no responses.")
    return StageReady("dataset", True, f"{rows.height:,} rows with prompt_id, prompt and response.")


def _logging(rows: pl.DataFrame, responses: int) -> StageReady:
    n = int(rows["logging_logprob"].is_not_null().sum())
    if not responses:
        return StageReady("logging_policy", False, "No row has a response, so there is nothing to weigh.")
    if not n:
        sentence = "No row has a log-probability of the logging policy (base_policy_logprob or logging_logprob)."
        return StageReady("logging_policy", False, sentence)
    return StageReady("logging_policy", True, f"{_of(n, rows.height)} have a log-probability of the logging policy.")


def _targets(head: Imported) -> StageReady:
    rows = head.rows
    counts = {p: int(rows[f"target_logprob:{p}"].is_not_null().sum()) for p in head.policies}
    empty = [p for p, n in counts.items() if not n]
    if not counts:
        sentence = "No target policy has log-probabilities: teacher forcing has not run."
    elif empty:
        sentence = f"No row has a log-probability under {', '.join(empty)}."
    else:
        fewest = min(counts, key=lambda p: counts[p])
        sentence = (
            f"{_policies(len(counts))}; {_of(counts[fewest], rows.height)} have a log-probability under {fewest}."
        )
    return StageReady("target_policy", bool(counts) and not empty, sentence)


def _judge(rows: pl.DataFrame) -> StageReady:
    n = int(rows["judge_score"].is_not_null().sum())
    if not n:
        return StageReady("judge", False, "No row has a judge score (judge_score).")
    return StageReady("judge", True, f"{_of(n, rows.height)} have a judge score.")


def _of(n: int, total: int) -> str:
    return f"{n:,} of {total:,} rows"


def _policies(n: int) -> str:
    return "1 target policy" if n == 1 else f"{n:,} target policies"


def _problems(head: Imported) -> tuple[str, ...]:
    several = head.quarantine["source"].n_unique() > 1
    told = [
        f"{row['source']}: {row['reason']}" if several else row["reason"]
        for row in head.quarantine.head(_SHOWN).iter_rows(named=True)
    ]
    more = head.quarantine.height - len(told)
    return (*told, f"And {more:,} more.") if more else tuple(told)


def _copies(head: Imported) -> list[str]:
    n = head.n_exact_duplicates
    return [f"{n:,} exact {'copy' if n == 1 else 'copies'} of a row would be dropped."] if n else []
