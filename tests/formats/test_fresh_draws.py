"""Fresh draws by policy, and the labels of probes put beside them."""

from pathlib import Path
from typing import Any

import pytest

from cje_audit.domain.errors import InputError
from cje_audit.formats.fresh_draws import COLUMNS, load_fresh_draws, read_fresh_draws
from cje_audit.formats.options import ImportOptions
from tests.formats.builders import csv_bytes, jsonl

OPTIONS = ImportOptions()


def draw(i: int, **changed: Any) -> dict[str, Any]:
    row = {
        "prompt_id": f"q{i}",
        "prompt": f"Question {i}?",
        "response": f"Fresh {i}",
        "judge_score": 0.5,
        "draw_idx": 0,
    }
    return row | changed


def folder(at: Path, **files: bytes) -> Path:
    at.mkdir(exist_ok=True)
    for name, data in files.items():
        (at / f"{name}.jsonl").write_bytes(data)
    return at


def test_the_real_arena_draws_get_their_probe_labels(arena: Path) -> None:
    found = load_fresh_draws(arena / "fresh_draws", OPTIONS, probes=arena / "probe_slice")
    heights = {policy: (f.height, f["oracle_label"].count()) for policy, f in found.frames.items()}
    assert heights == {
        "base": (503, 226),
        "clone": (503, 22),
        "parallel_universe_prompt": (503, 26),
        "unhelpful": (503, 26),
    }
    assert all(f["oracle_code"].null_count() == f["oracle_label"].count() for f in found.frames.values())
    assert (found.notes, found.quarantine.height) == ((), 0)


def test_probes_alone_are_labelled_draws(arena: Path) -> None:
    frames = read_fresh_draws(arena / "probe_slice", OPTIONS)
    assert {p: f["oracle_label"].null_count() for p, f in frames.items()} == {
        "clone": 0,
        "parallel_universe_prompt": 0,
        "unhelpful": 0,
    }


def test_columns_and_draws(tmp_path: Path) -> None:
    found = load_fresh_draws(
        folder(tmp_path / "f", my_policy_responses=jsonl(draw(1), draw(1, draw_idx=1), draw(2, judge_score=None))),
        OPTIONS,
    )
    frame = found.frames["my_policy"]
    assert tuple(frame.columns) == COLUMNS
    assert list(frame.select("prompt_id", "draw", "judge_code", "oracle_code").iter_rows()) == [
        ("q1", 0, None, "no_score"),
        ("q1", 1, None, "no_score"),
        ("q2", 0, "no_score", "no_score"),
    ]


def test_a_probe_labels_the_same_response_and_adds_others(tmp_path: Path) -> None:
    fresh = jsonl(draw(1), draw(2), draw(3, oracle_label=0.5), draw(4, oracle_label=0.5))
    probe = jsonl(
        draw(1, oracle_label=1.0),
        draw(2, response="Another", oracle_label=0.0),
        draw(3, oracle_label=0.5),
        draw(4, oracle_label=0.75),
        draw(9, oracle_label=0.25),
    )
    found = load_fresh_draws(folder(tmp_path / "f", a_responses=fresh, a_probe=probe), OPTIONS)
    wanted = [
        ("q1", 0, "Fresh 1", 1.0, None),
        ("q2", 0, "Fresh 2", None, "no_score"),
        ("q3", 0, "Fresh 3", 0.5, None),
        ("q4", 0, "Fresh 4", None, "duplicate"),
        ("q2", 1, "Another", 0.0, None),
        ("q9", 0, "Fresh 9", 0.25, None),
    ]
    assert (
        list(found.frames["a"].select("prompt_id", "draw", "response", "oracle_label", "oracle_code").iter_rows())
        == wanted
    )
    assert found.notes == (
        "a: 1 label of the probe differs from that of the draw; neither was used.",
        "a: 2 of 5 probes are not among the draws and were added.",
    )


def test_bad_lines_are_listed_and_copies_dropped(tmp_path: Path) -> None:
    data = jsonl(draw(1), draw(1), "{", draw(2, response=None), draw(3), draw(3, judge_score=0.1))
    found = load_fresh_draws(folder(tmp_path / "f", a_responses=data), OPTIONS)
    assert found.frames["a"]["prompt_id"].to_list() == ["q1"]
    assert list(found.quarantine.select("source", "line").iter_rows()) == [
        ("a_responses.jsonl", n) for n in (3, 4, 5, 6)
    ]
    assert found.notes == (
        "a_responses.jsonl: 4 of 6 lines are no draws and were left out.",
        "a_responses.jsonl: 1 exact copy was dropped.",
    )


def test_a_file_without_responses_has_no_draws(tmp_path: Path) -> None:
    found = load_fresh_draws(folder(tmp_path / "f", a_responses=jsonl(draw(1, response=None))), OPTIONS)
    assert found.frames["a"].height == 0 and found.quarantine["line"].to_list() == [1]


def test_csv_files_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "a_responses.csv").write_bytes(csv_bytes([draw(1)]))
    assert load_fresh_draws(tmp_path, OPTIONS).frames["a"]["judge_score"].to_list() == [0.5]


def test_a_column_map_of_the_dataset_need_not_fit(tmp_path: Path) -> None:
    found = load_fresh_draws(
        folder(tmp_path / "f", a_responses=jsonl(draw(1))), ImportOptions(mapping={"grade": "oracle_label"})
    )
    assert found.frames["a"].height == 1


@pytest.mark.parametrize(
    ("files", "part"),
    [(None, "cannot be read"), ({}, "holds no fresh draws"), ({"notes": b"{}"}, "holds no fresh draws"), ({"a_responses": b""}, "is empty"), ({"a_probe": b"{}\n", "a_probes": b"{}\n"}, "two files")],
)  # fmt: skip
def test_what_cannot_be_used_is_one_sentence(tmp_path: Path, files: dict[str, bytes] | None, part: str) -> None:
    where = tmp_path / "nowhere" if files is None else folder(tmp_path / "f", **files)
    with pytest.raises(InputError, match=part) as caught:
        load_fresh_draws(where, OPTIONS)
    assert caught.value.sentence.endswith(".")
