"""A chunk of records to a frame of typed columns; records that cannot be a row are listed instead."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain

import polars as pl

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import InputError
from cje_audit.formats.chunks import Chunk, Problem, Record
from cje_audit.formats.identity import Identity, read_identity
from cje_audit.formats.judgements import with_failures
from cje_audit.formats.limits import MAX_POLICIES
from cje_audit.formats.naming import Fields
from cje_audit.formats.nested import Lists, Object, keys_of, pick, read_number_lists, read_objects, read_text_lists
from cje_audit.formats.notes import Notes
from cje_audit.formats.numbers import Cells, read_cells
from cje_audit.formats.texts import read_counts, read_texts

Raw = list[object]
_SUM_TOLERANCE = 1e-6  # nats per token: values rounded to six decimals still add up


@dataclass
class Tabulator:
    """Makes frames of chunks and remembers, over all of them, the columns met, the policies and the notes."""

    fields: Fields
    columns: dict[str, None] = field(default_factory=dict)
    policies: dict[str, None] = field(default_factory=dict)
    notes: Notes = field(default_factory=Notes)

    def table(self, chunk: Chunk, source: str) -> tuple[pl.DataFrame, list[Problem]]:
        """Return the chunk's rows as a frame, and the problems of the lines that are none."""
        for note in chunk.notes:
            self.notes.say(note)
        view = _View(
            self, chunk.records, dict.fromkeys(chain.from_iterable(chunk.records)), chunk.lines, chunk.from_text
        )
        self.columns |= view.columns
        identity = read_identity(view.raw, chunk)
        kept = identity.kept
        if kept is not None:
            records = [chunk.records[i] for i in kept]
            view = _View(self, records, view.columns, [chunk.lines[i] for i in kept], chunk.from_text)
        frame = view.frame(identity, source)
        return frame, [*chunk.problems, *identity.problems]


@dataclass
class _View:
    """The records of one chunk that are rows, read column by column."""

    owner: Tabulator
    records: list[Record]
    columns: dict[str, None]
    lines: list[int]
    from_text: bool

    def raw(self, name: str) -> Raw | None:
        """Return a field's raw values, or None where no column of the chunk holds it."""
        readers = self.owner.fields.readers(self.columns, name)
        if not readers:
            return None
        values: Raw = list(map(readers[0], self.records))
        for reader in readers[1:]:
            if None in values:
                values = [reader(r) if v is None else v for r, v in zip(self.records, values, strict=True)]
        return values

    def frame(self, identity: Identity, source: str) -> pl.DataFrame:
        """Return the rows as typed columns."""
        n = len(self.records)
        series = {
            "prompt_id": pl.Series(identity.prompt_ids, dtype=pl.String),
            "draw": pl.Series(identity.draws, dtype=pl.Int64),
            "prompt": pl.Series(identity.prompts, dtype=pl.String),
            "response": pl.Series(identity.responses, dtype=pl.String),
            "finish_reason": read_texts(
                self.raw("finish_reason"), n, self._left_out("finish_reason"), blank=not self.from_text
            ),
            "n_tokens": read_counts(self.raw("n_tokens"), n, self._left_out("n_tokens")),
            "source": pl.Series([source], dtype=pl.String).new_from_index(0, n)
            if n
            else pl.Series([], dtype=pl.String),
            "line": pl.Series(self.lines, dtype=pl.Int64),
        }
        series |= self._logging() | self._judge() | self._oracle() | self._targets() | self._tokens()
        frame = pl.DataFrame(series)
        self._note_uneven(frame)
        return frame

    def _left_out(self, column: str) -> Callable[[int], None]:
        return lambda at: self.owner.notes.count("left_out", column, 1, f"line {self.lines[at]}")

    def _text(self, name: str, left_out: Callable[[int], None] | None = None) -> pl.Series:
        return read_texts(self.raw(name), len(self.records), left_out, blank=not self.from_text)

    def _cells(self, column: str, raw: Raw | None) -> Cells:
        cells = read_cells([None] * len(self.records) if raw is None else raw, from_text=self.from_text)
        notes = self.owner.notes
        if not self.from_text:
            notes.count("text", column, cells.n_from_text)
        if cells.first_misfit is not None and column == "oracle_label":  # the one column without a detail per cell
            notes.count("misfit", column, cells.n_misfits, f"line {self.lines[cells.first_misfit]}")
        return cells

    def _logging(self) -> dict[str, pl.Series]:
        cells = self._cells("logging_logprob", self.raw("logging_logprob"))
        columns = {"logging_logprob": cells.values, "logging_code": cells.codes, "logging_detail": cells.details}
        raw = self.raw("logging_token_logprobs")
        if raw is not None:
            columns["logging_token_logprobs"] = self._per_token("logging_token_logprobs", raw, cells)
        return columns

    def _judge(self) -> dict[str, pl.Series]:
        score = self._cells("judge_score", self.raw("judge_score"))
        text, code = self._text("judge_text"), self._text("judge_code")
        return with_failures(score, text, code, self.lines, self.owner.notes)

    def _oracle(self) -> dict[str, pl.Series]:
        cells = self._cells("oracle_label", self.raw("oracle_label"))
        return {"oracle_label": cells.values, "oracle_code": cells.codes}

    def _targets(self) -> dict[str, pl.Series]:
        columns: dict[str, pl.Series] = {}
        values, per_token = self._by_policy("target_logprobs"), self._by_policy("target_token_logprobs")
        for policy in dict.fromkeys((*values, *per_token)):
            self._admit(policy)
            name = f"target_logprob:{policy}"
            cells = self._cells(name, values.get(policy))
            columns |= {
                name: cells.values, f"target_code:{policy}": cells.codes, f"target_detail:{policy}": cells.details,
            }  # fmt: skip
            if policy in per_token:
                name = f"target_token_logprobs:{policy}"
                columns[name] = self._per_token(name, per_token[policy], cells)
        return columns

    def _admit(self, policy: str) -> None:
        known = self.owner.policies
        known.setdefault(policy)
        if len(known) > MAX_POLICIES:
            raise InputError(
                f"The data names more than {MAX_POLICIES} target policies on different lines.",
                expected=f"at most {MAX_POLICIES} target policies",
                got=", ".join(known)[:200],
                what_to_do="Check that the keys under the target log-probs are names of policies.",
            )

    def _by_policy(self, name: str) -> dict[str, Raw]:
        raw, flat = self.raw(name), self.owner.fields.flat(self.columns, name)
        objects: list[Object] = [] if raw is None else read_objects(raw, name)
        found = {policy: pick(objects, policy) for policy in self._keys(name, objects)}
        for policy, reader in flat.items():
            values: Raw = list(map(reader, self.records))
            other = found.get(policy)
            found[policy] = values if other is None else _first_given(values, other)
        return found

    def _keys(self, name: str, objects: list[Object]) -> Iterable[str]:
        keys = keys_of(objects)
        known = self.owner.policies if name == "target_logprobs" and any(o is not None for o in objects) else ()
        return dict.fromkeys(key for key in (*keys, *known) if key.strip())

    def _per_token(self, name: str, raw: Raw, cells: Cells) -> pl.Series:
        lists = self._lists(name, read_number_lists(raw))
        both = pl.DataFrame({"list": lists, "value": cells.values})
        gap = (pl.col("list").list.sum() - pl.col("value")).abs()
        off = both.select((gap > _SUM_TOLERANCE * pl.col("list").list.len()).sum()).item()
        self.owner.notes.count("sum", name, int(off))
        return lists

    def _lists(self, name: str, lists: Lists) -> pl.Series:
        self.owner.notes.count("list", name, lists.n_misfits)
        return lists.values

    def _note_uneven(self, frame: pl.DataFrame) -> None:
        """Count rows whose tokens and values per token are not equally many."""
        if "tokens" not in frame.columns:
            return
        for name in (c for c in frame.columns if "_token_logprobs" in c.partition(":")[0]):
            uneven = frame.select((pl.col("tokens").list.len() != pl.col(name).list.len()).sum()).item()
            self.owner.notes.count("uneven", name, int(uneven))

    def _tokens(self) -> dict[str, pl.Series]:
        raw = self.raw("tokens")
        return {} if raw is None else {"tokens": self._lists("tokens", read_text_lists(raw))}


def _first_given(values: Raw, other: Raw) -> Raw:
    return [b if a is None or a == "" else a for a, b in zip(values, other, strict=True)]


def no_score(name: str) -> pl.Expr:
    """Return a code column of cells that were never there."""
    return pl.lit(FailureCode.NO_SCORE.value).alias(name)
