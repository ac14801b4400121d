"""Files that are wrong in one way each, with what must be said and what must survive."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.formats.builders import arena_row, csv_bytes, flat_row, jsonl


@dataclass(frozen=True)
class BadFile:
    """`refused` is a part of the one sentence when nothing can be read; else `good` rows stay.

    `bad` maps quarantined line → part of its reason; `codes` maps (column, line) → failure code of one lost cell.
    """

    id: str
    name: str
    make: Callable[[], bytes] | bytes
    refused: str | None = None
    good: int | None = None
    bad: Mapping[int, str] = field(default_factory=dict)
    codes: Mapping[tuple[str, int], str] = field(default_factory=dict)
    note: str | None = None
    duplicates: int = 0

    def write(self, folder: Path) -> Path:
        path = folder / self.name
        path.write_bytes(self.make if isinstance(self.make, bytes) else self.make())
        return path


A, B, C = arena_row(1), arena_row(2), arena_row(3)
LOGGING, CLONE, COT, JUDGE, LABEL = "logging_code", "target_code:clone", "target_code:cot", "judge_code", "oracle_code"


def _with(i: int, **changed: Any) -> dict[str, Any]:
    return arena_row(i, **changed)


def _raw(i: int, old: str, new: str) -> str:
    return json.dumps(arena_row(i)).replace(old, new)


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.jsonl", jsonl(A))
    return out.getvalue()


def _parquet(rows: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


def _parquet_with_bad_text() -> bytes:
    raw = pa.Array.from_buffers(pa.string(), 3, pa.array([b"good", b"\xff\xfe!", b"good"], pa.binary()).buffers())
    table = pa.table(
        {"prompt_id": ["a", "b", "c"], "prompt": ["p", "p", "p"], "response": raw, "judge_score": [1.0, 1.0, 1.0]}
    )
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _deep(levels: int) -> bytes:
    return b'{"prompt": ' + b"[" * levels + b"]" * levels + b"}"


LINES = (
    BadFile("truncated_json", "a.jsonl", jsonl(A, json.dumps(B)[:90], C), good=2, bad={2: "cut off"}),
    BadFile("truncated_last_line", "a.jsonl", jsonl(A, B, C)[:-40], good=2, bad={3: "cut off"}),
    BadFile("not_json", "a.jsonl", jsonl(A, "hello there", C), good=2, bad={2: "not valid JSON"}),
    BadFile("python_dict", "a.jsonl", jsonl(A, str(B)), good=1, bad={2: "not valid JSON"}),
    BadFile("two_objects_on_a_line", "a.jsonl", jsonl(json.dumps(A) + json.dumps(B), C), good=1, bad={1: "not valid JSON"}),
    BadFile("line_is_a_list", "a.jsonl", jsonl(A, [1, 2, 3], B), good=2, bad={2: "a list, not an object"}),
    BadFile("line_is_a_number", "a.jsonl", jsonl(A, "7", "null", '"x"'), good=1, bad={2: "a number", 3: "null", 4: "text"}),
    BadFile("blank_lines_keep_numbers", "a.jsonl", jsonl("", A, "  ", "{", B), good=2, bad={4: "cut off"}),
    BadFile("only_braces", "a.jsonl", jsonl(A, "{}"), good=1, bad={2: "has no prompt_id"}),
    BadFile("no_prompt", "a.jsonl", jsonl(A, _with(2, prompt=...)), good=1, bad={2: "has no prompt"}),
    BadFile("null_prompt", "a.jsonl", jsonl(A, _with(2, prompt=None)), good=1, bad={2: "has no prompt"}),
    BadFile("no_response_on_one_row", "a.jsonl", jsonl(A, _with(2, response=...)), good=1, bad={2: "has no response"}),
    BadFile("response_is_a_list", "a.jsonl", jsonl(A, _with(2, response=["a"])), good=1, bad={2: "a list as response"}),
    BadFile("prompt_is_nested", "a.jsonl", jsonl(A, _with(2, prompt=[{"role": "user"}])), good=1, bad={2: "a list as prompt, not text"}),
    BadFile("no_id", "a.jsonl", jsonl(A, _with(2, metadata={})), good=1, bad={2: "has no prompt_id"}),
    BadFile("metadata_is_text", "a.jsonl", jsonl(A, _with(2, metadata="q2")), good=1, bad={2: "has no prompt_id"}),
    BadFile("id_is_an_object", "a.jsonl", jsonl(A, _with(2, prompt_id={"a": 1}, metadata=...)), good=1, bad={2: "an object as prompt_id"}),
    BadFile("draw_is_negative", "a.jsonl", jsonl(A, _with(2, draw=-1)), good=1, bad={2: "the draw -1"}),
    BadFile("draw_is_text", "a.jsonl", jsonl(A, _with(2, draw="first")), good=1, bad={2: "the draw first"}),
    BadFile("invalid_utf8", "a.jsonl", jsonl(A, json.dumps(B).encode().replace(b"Answer", b"Ans\xffer"), C), good=2, bad={2: "not valid UTF-8"}),
    BadFile("latin_1", "a.jsonl", jsonl(A, _raw(2, "Question", "Été?").encode("latin-1"), C), good=2, bad={2: "not valid UTF-8"}),
    BadFile("nul_byte", "a.jsonl", jsonl(A, json.dumps(B).encode().replace(b"Answer", b"An\0wer"), C), good=2, bad={2: "NUL byte"}),
    BadFile("lone_surrogate", "a.jsonl", jsonl(A, _raw(2, "Answer", "\\ud83d"), C), good=2, bad={2: "half a character"}),
    BadFile("control_character", "a.jsonl", jsonl(A, _raw(2, "Answer", "a\x01b"), C), good=2, bad={2: "not valid JSON"}),
    BadFile("nested_100000_deep", "a.jsonl", jsonl(A, _deep(100_000), C), good=2, bad={2: "nested too deeply"}),
    BadFile("nested_500_deep", "a.jsonl", jsonl(A, _deep(500), C), good=2, bad={2: "has no prompt_id"}),
    BadFile("line_of_2_mb", "a.jsonl", jsonl(A, _with(2, response="x" * 2_000_000), C), good=2, bad={2: "longer than 1 MB"}),
    BadFile("last_line_of_2_mb", "a.jsonl", jsonl(A, C, "x" * 2_000_000)[:-1], good=2, bad={3: "longer than 1 MB"}),
    BadFile("too_many_policies_on_a_row", "a.jsonl", jsonl(A, _with(2, target_policy_logprobs={f"p{i}": -1.0 for i in range(60)})), good=1, bad={2: "60 target policies"}),
    BadFile("conflicting_ids", "a.jsonl", jsonl(A, B, _with(1, response="Another answer.")), good=1, bad={1: "lines 1, 3", 3: "lines 1, 3"}),
    BadFile("exact_copies", "a.jsonl", jsonl(A, B, A, A), good=2, duplicates=2),
    BadFile("copies_and_conflicts", "a.jsonl", jsonl(A, A, B, _with(1, judge_score=0.6), C, C), good=2, bad={1: "none of them is kept", 2: "prompt_id q1", 4: "prompt_id q1"}, duplicates=1),
    BadFile("id_number_and_text", "a.jsonl", jsonl(_with(1, prompt_id=7), _with(2, prompt_id="7"), C), good=1, bad={1: "prompt_id 7", 2: "prompt_id 7"}),
)  # fmt: skip

CELLS = (
    BadFile("nan_token", "a.jsonl", jsonl(A, _raw(2, '"judge_score": 0.5', '"judge_score": NaN')), good=2, codes={(JUDGE, 2): "non_finite"}),
    BadFile("infinity_token", "a.jsonl", jsonl(_raw(1, "-21.0,", "-Infinity,"), B), good=2, codes={(LOGGING, 1): "non_finite", (CLONE, 1): "non_finite"}),
    BadFile("infinity_in_one_target", "a.jsonl", jsonl(A, _raw(2, '"cot": -23.5', '"cot": Infinity')), good=2, codes={(COT, 2): "non_finite"}),
    BadFile("number_beyond_float", "a.jsonl", jsonl(A, _raw(2, '"cot": -23.5', '"cot": -1e999')), good=2, codes={(COT, 2): "non_finite"}),
    BadFile("integer_of_400_digits", "a.jsonl", jsonl(A, _raw(2, '"cot": -23.5', '"cot": -1' + "0" * 400)), good=2, codes={(COT, 2): "non_finite"}),
    BadFile("integer_of_5000_digits", "a.jsonl", jsonl(A, _raw(2, '"cot": -23.5', '"cot": -1' + "0" * 5000)), good=1, bad={2: "too many digits"}),
    BadFile("number_as_text", "a.jsonl", jsonl(A, _with(2, base_policy_logprob="-22.0")), good=2, note="logging_logprob: 1 cell held a number written as text"),
    BadFile("word_as_number", "a.jsonl", jsonl(A, _with(2, judge_score="four")), good=2, codes={(JUDGE, 2): "schema"}),
    BadFile("decimal_comma", "a.jsonl", jsonl(A, _with(2, judge_score="0,5")), good=2, codes={(JUDGE, 2): "schema"}),
    BadFile("true_as_number", "a.jsonl", jsonl(A, _with(2, oracle_label=True)), good=2, codes={(LABEL, 2): "schema"}, note="oracle_label: 1 cell held no number"),
    BadFile("list_as_number", "a.jsonl", jsonl(A, _with(2, judge_score=[0.5])), good=2, codes={(JUDGE, 2): "schema"}),
    BadFile("object_as_number", "a.jsonl", jsonl(A, _with(2, base_policy_logprob={"value": -3})), good=2, codes={(LOGGING, 2): "schema"}),
    BadFile("targets_are_a_list", "a.jsonl", jsonl(A, _with(2, target_policy_logprobs=[-3, -4])), good=2, codes={(CLONE, 2): "schema", (COT, 2): "schema"}),
    BadFile("targets_are_a_number", "a.jsonl", jsonl(A, _with(2, target_policy_logprobs=-3.0)), good=2, codes={(CLONE, 2): "schema", (COT, 2): "schema"}),
    BadFile("one_target_missing", "a.jsonl", jsonl(A, _with(2, target_policy_logprobs={"clone": -3.0})), good=2, codes={(COT, 2): "no_score"}),
    BadFile("null_target", "a.jsonl", jsonl(A, _with(2, target_policy_logprobs={"clone": None, "cot": -3.0})), good=2, codes={(CLONE, 2): "no_score"}),
    BadFile("no_logging_column", "a.jsonl", jsonl(_with(1, base_policy_logprob=...)), good=1, codes={(LOGGING, 1): "no_score"}),
    BadFile("judge_reply_without_score", "a.jsonl", jsonl(A, _with(2, judge_score=None, judge_text="Hard to say.")), good=2, codes={(JUDGE, 2): "unparseable"}),
    BadFile("judge_code_given", "a.jsonl", jsonl(A, _with(2, judge_score=..., judge_code="judge_refusal")), good=2, codes={(JUDGE, 2): "judge_refusal"}),
    BadFile("judge_score_and_code", "a.jsonl", jsonl(A, _with(2, judge_score=0.0, judge_code="unparseable")), good=2, codes={(JUDGE, 2): "unparseable"}, note="1 cell held a score beside a failure code"),
    BadFile("positive_logprobs_are_kept", "a.jsonl", jsonl(A, _with(2, base_policy_logprob=22.0)), good=2),
    BadFile("tokens_do_not_sum", "a.jsonl", jsonl(_with(1, base_policy_token_logprobs=[-1.0, -2.0], tokens=["a", "b"])), good=1, note="the values per token do not add up to the value in 1 cell"),
    BadFile("token_values_are_text", "a.jsonl", jsonl(A, _with(2, base_policy_token_logprobs=["-1", "x"])), good=2, note="logging_token_logprobs: 1 cell held no usable list"),
)  # fmt: skip

WHOLE_FILES = (
    BadFile("empty", "a.jsonl", b"", refused="is empty"),
    BadFile("blank", "a.jsonl", b" \n\n  \r\n", refused="only blank space"),
    BadFile("byte_order_mark_alone", "a.jsonl", b"\xef\xbb\xbf", refused="only blank space"),
    BadFile("zip", "a.zip", _zip, refused="is a ZIP archive"),
    BadFile("zip_called_jsonl", "a.jsonl", _zip, refused="is a ZIP archive"),
    BadFile("gzip", "a.jsonl.gz", b"\x1f\x8b\x08\0\0\0\0\0", refused="gzip-compressed"),
    BadFile("sqlite", "a.sqlite", b"SQLite format 3\0" + b"\0" * 100, refused="a SQLite database"),
    BadFile("duckdb", "a.duckdb", b"\1\2\3\4\5\6\7\0DUCK" + b"\0" * 100, refused="a DuckDB database"),
    BadFile("pickle", "a.pkl", b"\x80\x04\x95\x10\0\0\0\0\0\0\0}\x94.", refused="a Python pickle"),
    BadFile("binary", "a.jsonl", bytes(range(256)) * 20, refused="not UTF-8 text"),
    BadFile("utf16_with_mark", "a.jsonl", jsonl(A, B).decode().encode("utf-16"), refused="UTF-16"),
    BadFile("utf16_without_mark", "a.jsonl", jsonl(A, B).decode().encode("utf-16-le"), refused="UTF-16"),
    BadFile("utf32", "a.csv", csv_bytes([flat_row(1)]).decode().encode("utf-32"), refused="UTF-16"),
    BadFile("prose", "notes.txt", b"Dear reader,\nthis is a letter.\n", refused="cannot be recognised"),
    BadFile("one_object_over_lines", "a.json", json.dumps({"rows": [A]}, indent=2).encode(), refused="one JSON object over several lines"),
    BadFile("json_text", "a.json", b'"hello"', refused="not a JSON array"),
    BadFile("parquet_by_name_only", "a.parquet", jsonl(A)[1:], refused="not a Parquet file"),
    BadFile("parquet_cut", "a.parquet", lambda: _parquet([flat_row(1)])[:-20], refused="is damaged"),
    BadFile("no_ids_at_all", "a.jsonl", jsonl(_with(1, metadata=...), _with(2, metadata=...)), refused="line 1 has no prompt_id, and so for 1 more"),
    BadFile("columns_of_another_tool", "a.jsonl", jsonl({"input": "x", "output": "y"}), refused="line 1 has no prompt_id"),
    BadFile("empty_array", "a.json", b"[]", refused="holds no row"),
    BadFile("all_conflict", "a.jsonl", jsonl(A, _with(1, prompt="Other?")), refused="none of them is kept"),
    BadFile("csv_without_header", "a.csv", b"q1,Question,Answer,-3.0\nq2,Question,Answer,-4.0\n", refused="names no column we know"),
    BadFile("csv_header_only", "a.csv", b"prompt_id,prompt,response\n", refused="holds no row"),
    BadFile("csv_column_twice", "a.csv", b"prompt_id,prompt,prompt\nq1,a,b\n", refused="prompt appears twice"),
    BadFile("parquet_without_our_columns", "a.parquet", lambda: _parquet([{"x": 1}]), refused="no column we know"),
    BadFile("sixty_policies_over_rows", "a.jsonl", jsonl(*(_with(i, target_policy_logprobs={f"p{i}": -1.0}) for i in range(60))), refused="more than 50 target policies"),
)  # fmt: skip

TABLES = (
    BadFile("csv_short_row", "a.csv", csv_bytes([flat_row(1), flat_row(2)]) + b"q3,only\n", good=2, bad={4: "2 cells where the first line names 8"}),
    BadFile("csv_long_row", "a.csv", csv_bytes([flat_row(1)]) + b"a,b,c,d,e,f,g,h,i,j\n", good=1, bad={3: "10 cells"}),
    BadFile("csv_open_quote", "a.csv", csv_bytes([flat_row(1)]) + b'q2,"open,x,-1,-1,-1,1,1\n' + csv_bytes([flat_row(3)]).partition(b"\n")[2], good=2, bad={3: "quote that is never closed"}),
    BadFile("csv_text_after_quote", "a.csv", csv_bytes([flat_row(1)]) + b'q2,"a"b,x,-1,-1,-1,1,1\n' + csv_bytes([flat_row(3)]).partition(b"\n")[2], good=2, bad={3: "not valid CSV"}),
    BadFile("csv_words_for_numbers", "a.csv", csv_bytes([flat_row(1, judge_score="high"), flat_row(2, judge_score="NaN"), flat_row(3, judge_score="-inf"), flat_row(4, judge_score="")]), good=4, codes={(JUDGE, 2): "schema", (JUDGE, 3): "non_finite", (JUDGE, 4): "non_finite", (JUDGE, 5): "no_score"}),
    BadFile("csv_invalid_utf8", "a.csv", csv_bytes([flat_row(1), flat_row(2)]).replace(b"Question 2", b"Quest\xe9"), good=1, bad={3: "not valid UTF-8"}),
    BadFile("csv_line_break_in_cell", "a.csv", csv_bytes([flat_row(1, response="two\nlines"), flat_row(2), flat_row(3, prompt="")]), good=2, bad={5: "has no prompt"}),
    BadFile("csv_line_of_2_mb", "a.csv", csv_bytes([flat_row(1), flat_row(2, response="x" * 2_000_000), flat_row(3)]), good=2, bad={3: "longer than 1 MB"}),
    BadFile("array_bad_element", "a.json", b"[" + jsonl(A)[:-1] + b",\n{bad},\n" + jsonl(B)[:-1] + b"]", good=2, bad={2: "not valid JSON"}),
    BadFile("array_cut_in_a_string", "a.json", json.dumps([A, B], indent=1).encode()[:-60], good=1, bad={16: "cut off"}, note="never closed"),
    BadFile("array_text_after_end", "a.json", json.dumps([A]).encode() + b"\n[1]", good=1, bad={2: "goes on after the end"}),
    BadFile("array_element_of_2_mb", "a.json", json.dumps([A, _with(2, response="x" * 2_000_000), B], indent=1).encode(), good=2, bad={16: "longer than 1 MB"}),
    BadFile("array_bracket_too_many", "a.json", b"[" + jsonl(A)[:-1] + b"},\n" + jsonl(B)[:-1] + b"]", good=1, bad={1: "a bracket too many"}),
    BadFile("parquet_nan_and_null", "a.parquet", lambda: _parquet([flat_row(1, judge_score=float("nan")), flat_row(2, judge_score=None), flat_row(3)]), good=3, codes={(JUDGE, 1): "non_finite", (JUDGE, 2): "no_score"}),
    BadFile("parquet_invalid_utf8", "a.parquet", _parquet_with_bad_text, good=2, bad={2: "not valid UTF-8"}),
)  # fmt: skip

BAD_FILES = (*LINES, *CELLS, *WHOLE_FILES, *TABLES)
