"""Reading whole datasets: both layouts, flat columns, ids and draws, copies and conflicts, notes."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cje_audit.domain.errors import InputError
from cje_audit.formats.dataset import read_dataset, refuse_unreadable
from cje_audit.formats.limits import CHUNK_ROWS
from cje_audit.formats.options import ImportOptions
from tests.formats.builders import arena_row, bad_lines, cells, csv_bytes, flat_row, jsonl, read

TARGETS = ("logging_logprob", "target_logprob:clone", "target_logprob:cot")


def own_row(i: int, **changed: Any) -> dict[str, Any]:
    row = {
        "prompt_id": f"q{i}", "prompt": f"Question {i}?", "response": f"Answer {i}", "logging_logprob": -20.0 - i,
        "target_logprobs": {"clone": -20.0 - i, "cot": -21.5 - i}, "judge_score": 0.5, "oracle_label": 0.25,
    }  # fmt: skip
    return row | changed


def parquet(folder: Path, rows: list[dict[str, Any]], schema: pa.Schema | None = None) -> Path:
    path = folder / "a.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    return path


def test_the_real_arena_rows(arena: Path) -> None:
    found = read_dataset([arena / "logged_data.jsonl"], ImportOptions())
    assert (found.rows.height, found.n_lines, found.quarantine.height, found.notes) == (503, 503, 0, ())
    assert (found.layout, found.logging_name) == ("arena", "base")
    assert found.policies == ("clone", "parallel_universe_prompt", "unhelpful")
    lines = [json.loads(line) for line in (arena / "logged_data.jsonl").read_text(encoding="utf-8").splitlines()]
    expected = [
        (
            r["metadata"]["prompt_id"],
            i + 1,
            r["base_policy_logprob"],
            r["target_policy_logprobs"]["unhelpful"],
            r.get("oracle_label"),
        )
        for i, r in enumerate(lines)
    ]
    assert cells(found, "row_id", "line", "logging_logprob", "target_logprob:unhelpful", "oracle_label") == expected
    assert found.rows["oracle_code"].drop_nulls().to_list() == ["no_score"] * (503 - 226)


@pytest.mark.parametrize(
    ("name", "data", "layout"),
    [
        ("a.jsonl", jsonl(arena_row(1), arena_row(2)), "arena"),
        ("crlf.jsonl", jsonl(arena_row(1), arena_row(2), end="\r\n"), "arena"),
        ("mark.jsonl", b"\xef\xbb\xbf" + jsonl(arena_row(1), arena_row(2)), "arena"),
        ("no_last_break.jsonl", jsonl(arena_row(1), arena_row(2))[:-1], "arena"),
        ("array.json", json.dumps([arena_row(1), arena_row(2)]).encode(), "arena"),
        ("pretty.json", json.dumps([arena_row(1), arena_row(2)], indent=2).encode(), "arena"),
        ("own.jsonl", jsonl(own_row(1), own_row(2)), "cje_audit"),
        ("a.csv", csv_bytes([flat_row(1), flat_row(2)]), "arena"),
        ("crlf.csv", csv_bytes([flat_row(1), flat_row(2)], end="\r\n"), "arena"),
        ("mark.csv", b"\xef\xbb\xbf" + csv_bytes([flat_row(1), flat_row(2)]), "arena"),
        ("semicolons.csv", csv_bytes([flat_row(1), flat_row(2)], ";"), "arena"),
        ("a.tsv", csv_bytes([flat_row(1), flat_row(2)], "\t"), "arena"),
        ("lines_called.csv", jsonl(arena_row(1), arena_row(2)), "arena"),
    ],
)  # fmt: skip
def test_every_spelling_of_a_file_reads_the_same(tmp_path: Path, name: str, data: bytes, layout: str) -> None:
    found = read(tmp_path, name, data)
    assert (found.layout, found.policies, found.notes, found.n_lines) == (layout, ("clone", "cot"), (), 2)
    assert cells(found, "row_id", *TARGETS, "judge_score", "oracle_label") == [
        ("q1", -21.0, -21.0, -22.5, 0.5, 0.25), ("q2", -22.0, -22.0, -23.5, 0.5, 0.25)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "spelling",
    ["target_policy_logprobs.{}", "target_logprob.{}", "target_logprob_{}", "target_logprob:{}", "target_logprobs.{}"],
)
def test_flat_columns_name_the_policy(tmp_path: Path, spelling: str) -> None:
    row = {"prompt_id": "a", "prompt": "p", "response": "r", "logging_logprob": -1, spelling.format("my.policy v2"): -2}
    found = read(tmp_path, "a.csv", csv_bytes([row]))
    assert found.policies == ("my.policy v2",)
    assert found.rows["target_logprob:my.policy v2"].to_list() == [-2.0]


def test_parquet_with_structs_maps_and_integers(tmp_path: Path) -> None:
    rows = [arena_row(1, judge_score=1), arena_row(2, judge_score=0)]
    found = read_dataset([parquet(tmp_path, rows)], ImportOptions())
    assert cells(found, "prompt_id", "line", *TARGETS, "judge_score") == [
        ("q1", 1, -21.0, -21.0, -22.5, 1.0),
        ("q2", 2, -22.0, -22.0, -23.5, 0.0),
    ]
    schema = pa.schema([("prompt_id", pa.int64()), ("prompt", pa.string()), ("response", pa.large_string()), ("target_logprobs", pa.map_(pa.string(), pa.float64())), ("logging_logprob", pa.decimal128(10, 3))])  # fmt: skip
    mapped = [
        {"prompt_id": 7, "prompt": "p", "response": "r", "target_logprobs": [("clone", -1.5)], "logging_logprob": None}
    ]
    found = read_dataset([parquet(tmp_path, mapped, schema)], ImportOptions())
    assert cells(found, "row_id", "target_logprob:clone", "logging_code") == [("7", -1.5, "no_score")]


def test_parquet_columns_of_a_wrong_type_cost_only_their_cells(tmp_path: Path) -> None:
    rows = [
        flat_row(1, judge_score="good", base_policy_logprob="-3.5"),
        flat_row(2, judge_score="0.5", base_policy_logprob="x"),
    ]
    found = read_dataset([parquet(tmp_path, rows)], ImportOptions())
    assert cells(found, "judge_score", "judge_code", "logging_logprob", "logging_code") == [
        (None, "schema", -3.5, None),
        (0.5, None, None, "schema"),
    ]


def test_objects_in_a_csv_cell_are_read(tmp_path: Path) -> None:
    row = {
        "prompt_id": "a",
        "prompt": "p",
        "response": "r",
        "base_policy_logprob": -1,
        "target_policy_logprobs": json.dumps({"clone": -2.5}),
        "base_policy_token_logprobs": "[-0.25, -0.75]",
    }
    found = read(
        tmp_path,
        "a.csv",
        csv_bytes([row, row | {"prompt_id": "b", "target_policy_logprobs": "", "base_policy_token_logprobs": ""}]),
    )
    assert cells(found, "target_logprob:clone", "target_code:clone", "logging_token_logprobs") == [
        (-2.5, None, [-0.25, -0.75]),
        (None, "no_score", None),
    ]
    assert found.notes == ()


def test_draws_number_the_rows_of_a_prompt(tmp_path: Path) -> None:
    data = jsonl(
        own_row(1),
        own_row(1, draw=1),
        own_row(1, draw_idx=2),
        own_row(2, draw="3"),
        own_row(3, draw=4.0),
        own_row(4, prompt_id="q1#1"),
        own_row(5, prompt_id="q1#1", draw=1),
    )
    found = read(tmp_path, "a.jsonl", data)
    assert found.rows["row_id"].to_list() == ["q1", "q1#1", "q1#2", "q2#3", "q3#4", "q1#1#0", "q1#1#1"]
    assert found.rows["draw"].to_list() == [0, 1, 2, 3, 4, 0, 1]


def test_policies_come_in_order_of_first_appearance_and_late_ones_are_missing_before(tmp_path: Path) -> None:
    rows = [own_row(i, target_logprobs={"b": -1.0}) for i in range(CHUNK_ROWS + 1)]
    rows[-1]["target_logprobs"] = {"c": -2.0, "a": -3.0}
    found = read(tmp_path, "a.jsonl", jsonl(*rows))
    assert found.policies == ("b", "c", "a")
    assert cells(found, "target_logprob:c", "target_code:c", "target_code:b")[0] == (None, "no_score", None)
    assert cells(found, "target_logprob:c", "target_code:c", "target_code:b")[-1] == (-2.0, None, "no_score")
    assert found.rows["target_code:a"].null_count() == 1


def test_a_target_called_base_takes_the_name_of_no_one(tmp_path: Path) -> None:
    found = read(tmp_path, "a.jsonl", jsonl(arena_row(1, target_policy_logprobs={"base": -1.0})))
    assert found.policies == ("base",)
    assert found.logging_name != "base"


def test_prompts_alone_are_fine(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "a.jsonl",
        jsonl({"prompt_id": "a", "prompt": "p"}, {"prompt_id": "b", "prompt": "q", "response": None}),
    )
    assert cells(found, "row_id", "response", "logging_code", "judge_code") == [
        ("a", None, "no_score", "no_score"),
        ("b", None, "no_score", "no_score"),
    ]
    assert found.quarantine.height == 0 and found.policies == ()


def test_an_empty_response_is_a_response(tmp_path: Path) -> None:
    found = read(tmp_path, "a.jsonl", jsonl(own_row(1), own_row(2, response="")))
    assert found.rows["response"].to_list() == ["Answer 1", ""]


def test_several_files_are_one_dataset(tmp_path: Path) -> None:
    for name, rows in {
        "a.jsonl": [own_row(1), own_row(2)],
        "b.jsonl": [own_row(2), own_row(3), own_row(1, prompt="Other?")],
    }.items():
        (tmp_path / name).write_bytes(jsonl(*rows))
    found = read_dataset([tmp_path / "a.jsonl", tmp_path / "b.jsonl"], ImportOptions())
    assert cells(found, "row_id", "source", "line") == [("q2", "a.jsonl", 2), ("q3", "b.jsonl", 2)]
    assert (found.n_lines, found.n_exact_duplicates, found.conflicting_ids) == (5, 1, ("q1",))
    assert list(found.quarantine.select("source", "line", "code").iter_rows()) == [
        ("a.jsonl", 1, "duplicate"),
        ("b.jsonl", 3, "duplicate"),
    ]


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for folder, i in (("x", 1), ("y", 2)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.jsonl").write_bytes(jsonl(own_row(i)))
    found = read_dataset([tmp_path / "x" / "a.jsonl", tmp_path / "y" / "a.jsonl"], ImportOptions())
    assert found.rows["source"].n_unique() == 2


def test_copies_and_conflicts_at_once(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "a.jsonl",
        jsonl(own_row(1), own_row(2), own_row(1), own_row(2, judge_score=0.75), own_row(3), own_row(2)),
    )
    assert found.rows["row_id"].to_list() == ["q1", "q3"]
    assert (found.n_exact_duplicates, found.conflicting_ids) == (1, ("q2",))
    assert bad_lines(found) == [(2, "duplicate"), (4, "duplicate"), (6, "duplicate")]
    assert found.n_lines == found.rows.height + found.n_exact_duplicates + found.quarantine.height


def test_rows_with_equal_tokens_are_copies(tmp_path: Path) -> None:
    row = own_row(1, logging_token_logprobs=[-20.0, -1.0], tokens=["a", "b"])
    found = read(tmp_path, "a.jsonl", jsonl(row, row))
    assert (found.rows.height, found.n_exact_duplicates, found.notes) == (1, 1, ())


def test_values_per_token_come_only_where_the_file_has_them(tmp_path: Path) -> None:
    assert not [
        c for c in read(tmp_path, "a.jsonl", jsonl(own_row(1))).rows.columns if "token_logprobs" in c or c == "tokens"
    ]
    row = own_row(
        1,
        tokens=["An", "swer"],
        logging_token_logprobs=[-20.0, -1.0],
        target_token_logprobs={"clone": [-20.5, -0.5]},
        n_tokens=2,
        finish_reason="stop",
    )
    found = read(tmp_path, "b.jsonl", jsonl(row, own_row(2)))
    wanted = ("tokens", "logging_token_logprobs", "target_token_logprobs:clone", "n_tokens", "finish_reason")
    assert cells(found, *wanted) == [
        (["An", "swer"], [-20.0, -1.0], [-20.5, -0.5], 2, "stop"),
        (None, None, None, None, None),
    ]
    assert "target_token_logprobs:cot" not in found.rows.columns
    assert found.notes == ()


def test_values_per_token_that_do_not_fit_are_noted(tmp_path: Path) -> None:
    rows = (
        own_row(1, tokens=["a"], logging_token_logprobs=[-20.0, -1.0]),
        own_row(2, logging_token_logprobs=[-1.0, "x"]),
        own_row(3, n_tokens="many"),
    )
    found = read(tmp_path, "a.jsonl", jsonl(*rows))
    assert found.rows["logging_logprob"].to_list() == [-21.0, -22.0, -23.0]
    assert [n.partition(":")[0] for n in found.notes] == [
        "n_tokens",
        "logging_token_logprobs",
        "logging_token_logprobs",
    ]


def test_map_names_the_columns(tmp_path: Path) -> None:
    row = {"uid": 5, "q": "p", "a": "r", "lp": {"base": -1.0, "cot": -2.0}, "grade": 0.5, "response": "not this"}
    mapping = {
        "uid": "prompt_id",
        "q": "prompt",
        "a": "response",
        "lp.base": "logging_logprob",
        "lp.cot": "target_logprobs.cot",
        "grade": "judge_score",
    }
    found = read(tmp_path, "a.jsonl", jsonl(row), mapping=mapping)
    assert cells(found, "row_id", "prompt", "response", "logging_logprob", "target_logprob:cot", "judge_score") == [
        ("5", "p", "r", -1.0, -2.0, 0.5)
    ]


def test_map_to_an_unknown_field_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such field") as caught:
        read(tmp_path, "a.jsonl", jsonl(own_row(1)), mapping={"x": "judge_scor"})
    assert caught.value.what_to_do == "Write --map x=judge_score."


def test_map_of_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column grade"):
        read(tmp_path, "a.jsonl", jsonl(own_row(1)), mapping={"grade": "judge_score"})


def test_numbers_as_text_are_nothing_special_in_a_csv(tmp_path: Path) -> None:
    assert read(tmp_path, "a.csv", csv_bytes([flat_row(1)])).notes == ()
    (note,) = read(
        tmp_path, "a.jsonl", jsonl(arena_row(1, judge_score="0.5"), arena_row(2, judge_score=" 1e-1 "))
    ).notes
    assert note == "judge_score: 2 cells held a number written as text; read as the number."


def test_a_judge_code_that_is_not_known_is_told(tmp_path: Path) -> None:
    found = read(
        tmp_path, "a.jsonl", jsonl(own_row(1, judge_score=None, judge_code="exploded"), own_row(2, judge_code="fine"))
    )
    assert cells(found, "judge_score", "judge_code", "judge_detail") == [
        (None, "unparseable", "the file gives the code exploded"),
        (0.5, None, None),
    ]
    assert found.notes == ("judge_code: 2 cells held a code that is not in the list of failure codes (first: line 1).",)


def test_an_empty_judge_reply_in_a_csv_is_no_reply(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "a.csv",
        csv_bytes([flat_row(1, judge_score="", judge_text=""), flat_row(2, judge_score="", judge_text="Well.")]),
    )
    assert cells(found, "judge_code", "judge_text") == [("no_score", None), ("unparseable", "Well.")]


def test_progress_counts_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(jsonl(*(own_row(i) for i in range(CHUNK_ROWS + 5)), "{"))
    seen: list[int] = []
    read_dataset([path], ImportOptions(), seen.append)
    assert seen == [CHUNK_ROWS, CHUNK_ROWS + 6]


def test_no_file_at_all_is_refused() -> None:
    with pytest.raises(InputError, match="No file was named"):
        read_dataset([], ImportOptions())


def test_what_is_hopeless_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(jsonl(own_row(1)))
    refuse_unreadable([tmp_path / "a.jsonl"], ImportOptions())
    with pytest.raises(InputError, match="is a directory"):
        refuse_unreadable([tmp_path / "a.jsonl", tmp_path], ImportOptions())


TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda x: st.lists(x, max_size=3) | st.dictionaries(TEXT, x, max_size=3),
    max_leaves=6,
)
HOSTILE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@HOSTILE
@given(prompt=TEXT.filter(bool), response=TEXT, prompt_id=TEXT.filter(str.strip), policy=TEXT.filter(str.strip))
def test_hostile_text_passes_through_as_text(
    tmp_path: Path, prompt: str, response: str, prompt_id: str, policy: str
) -> None:
    row = own_row(1, prompt=prompt, response=response, prompt_id=prompt_id, target_logprobs={policy: -1.0})
    found = read(tmp_path, "a.jsonl", jsonl(row))
    assert cells(found, "prompt", "response", "prompt_id", f"target_logprob:{policy}") == [
        (prompt, response, prompt_id, -1.0)
    ]
    assert found.policies == (policy,)


@HOSTILE
@given(extra=st.dictionaries(TEXT, ANY_JSON, max_size=4), cell=ANY_JSON, targets=ANY_JSON, tokens=ANY_JSON)
def test_no_value_breaks_the_reading(
    tmp_path: Path, extra: dict[str, Any], cell: Any, targets: Any, tokens: Any
) -> None:
    row = extra | own_row(
        1,
        judge_score=cell,
        target_logprobs=targets,
        tokens=tokens,
        logging_token_logprobs=tokens,
        judge_text=cell,
        finish_reason=cell,
        n_tokens=cell,
    )
    found = read(tmp_path, "a.jsonl", jsonl(own_row(2), row))
    assert found.rows["logging_logprob"].to_list() == [-22.0, -21.0]
    assert found.n_lines == 2


@HOSTILE
@given(
    names=st.lists(
        st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\r\n"), min_size=1, max_size=12).filter(
            lambda s: s == s.strip() and s
        ),
        max_size=4,
        unique=True,
    ),
    value=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\r"), max_size=20),
)
def test_hostile_csv_columns_and_cells_are_only_text(tmp_path: Path, names: list[str], value: str) -> None:
    row = dict.fromkeys(names, value) | flat_row(1, prompt="p" + value)
    found = read(tmp_path, "a.csv", csv_bytes([row]))
    assert found.rows["prompt"].to_list() == ["p" + value]


@HOSTILE
@given(st.binary(max_size=200))
def test_no_bytes_end_in_anything_but_a_sentence(tmp_path: Path, data: bytes) -> None:
    for name in ("a.jsonl", "a.csv", "a.json", "a.parquet"):
        try:
            read(tmp_path, name, jsonl(own_row(1)) + data if name == "a.jsonl" else data)
        except InputError as error:
            assert error.sentence.endswith(".")
