"""A chunk of records to a frame with our columns; records that are no rows are named with the reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from cje_audit.domain.codes import FailureCode
from cje_audit.formats.cells import (
    NumberColumn,
    Tally,
    count_column,
    floats_column,
    from_json_object,
    known_code,
    number_column,
    read_count,
    strings_column,
    text_column,
    with_given_codes,
)
from cje_audit.formats.chunks import Chunk, Problem, Record, excerpt_of_record
from cje_audit.formats.fields import TARGET_FIELDS, Fields, Unusable, Values
from cje_audit.formats.limits import MAX_POLICIES

FIRST_DRAW = 0
"""A row without a draw number is the first draw of its prompt."""

_KINDS: dict[type, str] = {
    dict: "an object", list: "a list", bool: "true or false", int: "a number", float: "a number", str: "text",
}  # fmt: skip


@dataclass
class Seen:
    """What the records turned out to hold, in order of first appearance."""

    policies: dict[str, None] = field(default_factory=dict)
    columns: dict[str, None] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)


@dataclass(frozen=True)
class _Records:
    """The records of a chunk that are rows, with what is needed to read columns from them."""

    records: list[Record]
    lines: list[int]
    keys: Mapping[str, None]
    fields: Fields
    seen: Seen
    from_text: bool

    @property
    def n(self) -> int:
        return len(self.records)

    def raw(self, name: str) -> Values | None:
        return self.fields.values(self.records, self.keys, name)

    def number(self, name: str) -> NumberColumn:
        return number_column(self.raw(name), self.n, self.seen.tally, from_text=self.from_text)

    def text(self, name: str) -> pl.Series:
        return text_column(self.raw(name), self.n, name, self.seen.tally, from_text=self.from_text)


def chunk_frame(chunk: Chunk, source: str, fields: Fields, seen: Seen) -> tuple[pl.DataFrame | None, list[Problem]]:
    """Turn one chunk into columns.

    Parameters
    ----------
    chunk
        Parsed records with their lines.
    source
        The file's name, kept with each row.
    fields
        Which columns feed which field.
    seen
        Policies, columns and remarks so far; added to.

    Returns
    -------
    tuple
        The frame (None if no record is a row), and one problem per record that is none.
    """
    keys = dict.fromkeys(key for record in chunk.records for key in record)
    seen.columns.update(keys)
    whole = _Records(chunk.records, chunk.lines, keys, fields, seen, chunk.from_text)
    identity, reasons = _identity(whole)
    rows, problems = _without(whole, reasons)
    if not rows.n:
        return None, problems
    kept = identity.filter(pl.Series([i not in reasons for i in range(whole.n)])) if reasons else identity
    frames = [kept.with_columns(pl.lit(source).alias("source"), pl.Series("line", rows.lines, dtype=pl.Int64))]
    return pl.concat([*frames, _logging(rows), _judge(rows), _targets(rows)], how="horizontal"), problems


def _without(whole: _Records, reasons: Mapping[int, str]) -> tuple[_Records, list[Problem]]:
    if not reasons:
        return whole, []
    problems = [
        Problem(
            whole.lines[i], FailureCode.SCHEMA, f"Line {whole.lines[i]} {reason}.", excerpt_of_record(whole.records[i])
        )
        for i, reason in sorted(reasons.items())
    ]
    keep = [i for i in range(whole.n) if i not in reasons]
    records, lines = [whole.records[i] for i in keep], [whole.lines[i] for i in keep]
    return _Records(records, lines, whole.keys, whole.fields, whole.seen, whole.from_text), problems


def _identity(rows: _Records) -> tuple[pl.DataFrame, dict[int, str]]:
    """Return id, draw and texts of every record, and the reason for each record that lacks one of them."""
    reasons: dict[int, str] = {}
    _refuse_crowds(rows, reasons)
    ids = _required(rows, "prompt_id", reasons, numbers=True)
    prompts = _required(rows, "prompt", reasons)
    responses = rows.raw("response")
    if responses is not None and not set(map(type, responses)) <= {str, type(None)}:
        for i, value in enumerate(responses):
            if not isinstance(value, str | None):
                reasons.setdefault(i, f"has {_kind(value)} as response, not text")
        responses = [v if isinstance(v, str) else None for v in responses]
    frame = pl.DataFrame(
        [
            pl.Series("prompt_id", ids, dtype=pl.String),
            pl.Series("draw", _draws(rows, reasons), dtype=pl.Int64),
            pl.Series("prompt", prompts, dtype=pl.String),
            pl.Series("response", responses or [None] * rows.n, dtype=pl.String),
        ]
    )
    texts = [rows.text("finish_reason").alias("finish_reason")]
    counts = count_column(rows.raw("n_tokens"), rows.n, "n_tokens", rows.seen.tally)
    return frame.with_columns(*texts, counts.alias("n_tokens")), reasons


def _required(rows: _Records, name: str, reasons: dict[int, str], *, numbers: bool = False) -> Values:
    """Return the texts of a field every row needs; where it is missing or no text, say so in `reasons`."""
    values = rows.raw(name) or [None] * rows.n
    if set(map(type, values)) == {str} and "" not in values:
        return values
    texts: Values = []
    for i, value in enumerate(values):
        good = value if isinstance(value, str) and value else _whole_number(value) if numbers else None
        texts.append(good)
        if good is None:
            missing = value is None or value == ""
            reasons.setdefault(i, f"has no {name}" if missing else f"has {_kind(value)} as {name}, not text")
    return texts


def _whole_number(value: object) -> str | None:
    """Return an id given as a number as its text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return str(int(value)) if isinstance(value, int) or value.is_integer() else None


def _draws(rows: _Records, reasons: dict[int, str]) -> Values:
    values = rows.raw("draw")
    if values is None:
        return [FIRST_DRAW] * rows.n
    draws: Values = []
    for i, value in enumerate(values):
        absent = value is None or value == ""
        draw = FIRST_DRAW if absent else read_count(value)
        draws.append(draw)
        if draw is None:
            reasons.setdefault(i, f"has the draw {str(value)[:40]}, not a whole number from 0")
    return draws


def _refuse_crowds(rows: _Records, reasons: dict[int, str]) -> None:
    """Refuse a record that names more target policies than a run can have."""
    for name in (n for n in TARGET_FIELDS["target_logprob"] if n in rows.keys):
        for i, record in enumerate(rows.records):
            value = record.get(name)
            if isinstance(value, dict) and len(value) > MAX_POLICIES:
                reasons[i] = f"names {len(value):,} target policies; at most {MAX_POLICIES} are read"


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "something else")


def _logging(rows: _Records) -> pl.DataFrame:
    column = with_given_codes(rows.number("logging_logprob"), rows.raw("logging_code"), rows.seen.tally)
    frame = column.frame("logging_logprob", "logging_code", "logging_detail")
    values, tokens = rows.raw("logging_token_logprobs"), rows.raw("tokens")
    if values is not None:
        name = "logging_token_logprobs"
        frame = frame.with_columns(floats_column(values, name, rows.seen.tally).alias(name))
    if tokens is not None:
        frame = frame.with_columns(strings_column(tokens, "tokens", rows.seen.tally).alias("tokens"))
    return frame


def _judge(rows: _Records) -> pl.DataFrame:
    """Return judge and oracle columns; a reply without a readable score is `unparseable`."""
    tally, text, score = rows.seen.tally, rows.text("judge_text"), rows.number("judge_score")
    given, replied = rows.raw("judge_code") or [None] * rows.n, text.is_not_null()
    gone = [code == FailureCode.NO_SCORE for code in score.codes]
    codes: Values = [
        known_code(code) or (FailureCode.UNPARSEABLE if lost and (reply or code) else None)
        for code, lost, reply in zip(given, gone, replied, strict=True)
    ]
    judge = with_given_codes(score, codes, tally)
    oracle = with_given_codes(rows.number("oracle_label"), rows.raw("oracle_code"), tally)
    frames = [
        judge.frame("judge_score", "judge_code", "judge_detail").with_columns(text.alias("judge_text")),
        oracle.frame("oracle_label", "oracle_code"),
    ]
    return pl.concat(frames, how="horizontal")


def _targets(rows: _Records) -> pl.DataFrame:
    tally = rows.seen.tally
    values = _by_policy(rows, "target_logprob")
    tokens, codes = _by_policy(rows, "target_token_logprobs"), _by_policy(rows, "target_code")
    frames = []
    for policy in dict.fromkeys([*values, *tokens, *codes]):
        rows.seen.policies.setdefault(policy)
        column = number_column(values.get(policy), rows.n, tally, from_text=rows.from_text)
        column = with_given_codes(column, codes.get(policy), tally)
        frame = column.frame(f"target_logprob:{policy}", f"target_code:{policy}", f"target_detail:{policy}")
        if policy in tokens:
            series = floats_column(tokens[policy], f"target_token_logprobs:{policy}", tally)
            frame = frame.with_columns(series.alias(f"target_token_logprobs:{policy}"))
        frames.append(frame)
    return pl.concat(frames, how="horizontal") if frames else pl.DataFrame()


def _by_policy(rows: _Records, name: str) -> dict[str, Values]:
    """Return policy → raw cells of one target field, from objects and from flat columns."""
    found: dict[str, Values] = {}
    for key in rows.keys:
        flat = rows.fields.flat_target(key)
        if key in TARGET_FIELDS[name]:
            _merge(found, _from_objects([record.get(key) for record in rows.records], key))
        elif flat is not None and flat[0] == name:
            _merge(found, {flat[1]: [record.get(key) for record in rows.records]})
    return found


def _merge(found: dict[str, Values], more: Mapping[str, Values]) -> None:
    """Add policies' cells; where a policy is there twice, a later column fills what the earlier one lacks."""
    for policy, cells in more.items():
        if policy in found:
            cells = [b if a is None else a for a, b in zip(found[policy], cells, strict=True)]
        found[policy] = cells


def _from_objects(cells: Values, key: str) -> dict[str, Values]:
    if not set(map(type, cells)) <= {dict, type(None)}:
        cells = [from_json_object(cell) for cell in cells]
    objects = [cell if isinstance(cell, dict) else None for cell in cells]
    policies = dict.fromkeys(str(p) for o in objects if o for p in o)
    broken = {
        i: Unusable(f"{key} is {_kind(cell)}, not an object with one value per policy")
        for i, cell in enumerate(cells)
        if cell is not None and not isinstance(cell, dict)
    }
    return {p: [broken.get(i) if o is None else o.get(p) for i, o in enumerate(objects)] for p in policies}
