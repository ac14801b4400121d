"""Files beside the rows: values by prompt_id and draw, put to the rows they belong to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from cje_audit.domain.codes import FailureCode
from cje_audit.formats.chunks import Chunk
from cje_audit.formats.duplicates import distinct, with_row_ids
from cje_audit.formats.files import Source
from cje_audit.formats.logs.logprob_file import LOGGING_NAMES, policy_of
from cje_audit.formats.logs.reading import LogReading
from cje_audit.formats.naming import Fields
from cje_audit.formats.quarantine import SCHEMA

STAND_IN = "…"  # the prompt of a line that only names one
_PEEKED = 50
_ABSENT = FailureCode.NO_SCORE.value
_PLAIN = ("finish_reason", "n_tokens", "tokens")


@dataclass(frozen=True)
class Joined:
    """The rows with the values of one file beside them, its lines that belong to no row, and a note."""

    rows: pl.DataFrame
    quarantine: pl.DataFrame
    note: str


def beside_rows(sources: Sequence[Source], fields: Fields, reading: LogReading) -> set[int]:
    """Return which of several files hold values for the rows of the others: those whose lines name no prompt.

    A policy's log-prob file may repeat prompt and response; it holds the rows only where no other file does.
    """
    if len(sources) < 2:
        return set()
    own = {
        i for i, source in enumerate(sources) if source.format != "logprobs" and _names_prompts(source, fields, reading)
    }
    if not own:
        files = [i for i, s in enumerate(sources) if s.format == "logprobs" and _names_prompts(s, fields, reading)]
        logging = [i for i in files if policy_of(sources[i].name) in LOGGING_NAMES]
        own = set((logging or files)[:1])
    return set(range(len(sources))) - own if own else set()


def _names_prompts(source: Source, fields: Fields, reading: LogReading) -> bool:
    if source.format not in ("logprobs", "jsonl", "json", "csv", "tsv", "parquet"):
        return True
    chunks = source.chunks(_PEEKED, fields.is_known, LogReading(reading.mapping, reading.rows_of))
    first = next(chunks, Chunk())
    chunks.close()
    columns = dict.fromkeys(column for record in first.records for column in record)
    readers = fields.readers(columns, "prompt")
    return not first.records or any(reader(record) is not None for reader in readers for record in first.records)


def with_stand_in(chunk: Chunk) -> Chunk:
    """Return the chunk with a stand-in where a line names no prompt, so that it can be read like a row."""
    records = [{"prompt": STAND_IN} | record for record in chunk.records]
    return Chunk(records, chunk.lines, chunk.problems, chunk.notes, chunk.from_text, chunk.weight)


def join(rows: pl.DataFrame, frames: Iterable[pl.DataFrame], name: str, *, whole: bool) -> Joined:
    """Put a file's values to the rows; where rows and file, or two files, give different values, neither is used.

    `whole` is False where only the start of the files was read, so that a line without its row means nothing.
    """
    every = pl.concat(list(frames), how="diagonal")
    empty = pl.DataFrame(schema=SCHEMA)
    found = distinct(with_row_ids(every), empty)
    known = found.rows.join(rows.select("row_id", mine="response"), on="row_id", how="left", maintain_order="left")
    there = known["row_id"].is_in(rows["row_id"].implode())
    other = there & (known["response"] != known["mine"]).fill_null(value=False)
    bad = [found.quarantine, _about_another(known.filter(other))]
    if whole:
        bad.append(_without_row(known.filter(~there)))
    used = known.filter(there & ~other).drop("mine")
    note = f"{name}: {used.height:,} of {every.height:,} lines were joined to the rows by prompt_id."
    return Joined(_merged(rows, used), pl.concat(bad), note)


def _without_row(lines: pl.DataFrame) -> pl.DataFrame:
    reason = pl.format("Line {} is about {}, and no row is called so.", "line", pl.col("row_id").str.slice(0, 100))
    return _quarantined(lines, reason, FailureCode.SCHEMA)


def _about_another(lines: pl.DataFrame) -> pl.DataFrame:
    reason = pl.format(
        "Line {} scored another response than that of row {}.", "line", pl.col("row_id").str.slice(0, 100)
    )
    return _quarantined(lines, reason, FailureCode.ECHO_MISMATCH)


def _quarantined(lines: pl.DataFrame, reason: pl.Expr, code: FailureCode) -> pl.DataFrame:
    shown = pl.format("prompt_id: {}, draw: {}", pl.col("prompt_id").str.slice(0, 150), "draw")
    return lines.select(
        "source", "line", reason.alias("reason"), pl.lit(code.value).alias("code"), shown.alias("excerpt")
    )


def _merged(rows: pl.DataFrame, used: pl.DataFrame) -> pl.DataFrame:
    """Take each measured cell from the file where the rows have none."""
    theirs = used.rename({c: f"their {c}" for c in used.columns if c != "row_id"})
    both = rows.join(theirs, on="row_id", how="left", maintain_order="left")
    changed: list[pl.Expr] = []
    for value, code, details in _groups(used.columns):
        if code not in rows.columns:
            continue
        lost = pl.lit(FailureCode.DUPLICATE.value)
        clash, take = _clash(value), _absent(value, code) & ~_absent(f"their {value}", f"their {code}")
        changed += [
            pl.when(clash).then(None).when(take).then(f"their {value}").otherwise(value).alias(value),
            pl.when(clash).then(lost).when(take).then(f"their {code}").otherwise(code).alias(code),
            *(pl.when(take).then(f"their {d}").otherwise(d).alias(d) for d in details),
        ]  # fmt: skip
    plain = [c for c in used.columns if c in _PLAIN or "_token_logprobs" in c.partition(":")[0]]
    filled = [
        pl.coalesce(c, f"their {c}").alias(c) if c in rows.columns else pl.col(f"their {c}").alias(c) for c in plain
    ]
    return both.with_columns(*changed, *filled).drop([c for c in both.columns if c.startswith("their ")])


def _groups(columns: Sequence[str]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return value, code and further columns of every measured column."""
    targets = [c.partition(":")[2] for c in columns if c.startswith("target_logprob:")]
    return [
        ("logging_logprob", "logging_code", ("logging_detail",)),
        ("judge_score", "judge_code", ("judge_text", "judge_detail")),
        ("oracle_label", "oracle_code", ()),
        *((f"target_logprob:{p}", f"target_code:{p}", (f"target_detail:{p}",)) for p in targets),
    ]


def _absent(value: str, code: str) -> pl.Expr:
    return pl.col(value).is_null() & (pl.col(code).is_null() | (pl.col(code) == _ABSENT))


def _clash(value: str) -> pl.Expr:
    mine, theirs = pl.col(value), pl.col(f"their {value}")
    return mine.is_not_null() & theirs.is_not_null() & (mine != theirs)
