"""Several files at once: values by prompt_id beside the rows."""

from pathlib import Path
from typing import Any

import pytest

from cje_audit.domain.errors import InputError
from cje_audit.formats.dataset import Imported, read_dataset
from cje_audit.formats.dry_run import dry_run
from cje_audit.formats.options import ImportOptions
from tests.formats.builders import arena_row, jsonl
from tests.formats.logs.made import INSPECT

ROW = {"target_policy_logprobs": ..., "judge_score": ..., "oracle_label": ...}


def write(folder: Path, **files: bytes) -> list[Path]:
    paths = []
    for name, data in files.items():
        paths.append(folder / f"{name}.jsonl")
        paths[-1].write_bytes(data)
    return paths


def read(folder: Path, **files: bytes) -> Imported:
    return read_dataset(write(folder, **files), ImportOptions())


def rows(n: int = 3, **changed: Any) -> bytes:
    return jsonl(*(arena_row(i, **(ROW | changed)) for i in range(n)))


def logprobs(*values: Any, **more: Any) -> bytes:
    return jsonl(*({"prompt_id": f"q{i}", "logprob": v, **more} for i, v in enumerate(values)))


def test_log_prob_files_and_scores_are_joined_by_id(tmp_path: Path) -> None:
    scores = jsonl(*({"prompt_id": f"q{i}", "judge_score": i / 4, "oracle_label": 1.0} for i in (2, 1, 0)))
    found = read(tmp_path, rows=rows(), near_logprobs=logprobs(-1.5, -2.5, -3.5), scores=scores)
    assert found.policies == ("near",)
    assert found.rows["target_logprob:near"].to_list() == [-1.5, -2.5, -3.5]
    assert found.rows["judge_score"].to_list() == [0.0, 0.25, 0.5]
    assert found.rows["oracle_label"].to_list() == [1.0] * 3
    assert (found.n_lines, found.quarantine.height) == (3, 0)
    assert "near_logprobs.jsonl: 3 of 3 lines were joined to the rows by prompt_id." in found.notes


def test_the_order_of_the_files_does_not_matter(tmp_path: Path) -> None:
    found = read(tmp_path, near_logprobs=logprobs(-1.5, -2.5, -3.5), rows=rows())
    assert found.rows["target_logprob:near"].to_list() == [-1.5, -2.5, -3.5]


def test_the_logging_policys_file_and_values_per_token(tmp_path: Path) -> None:
    base = jsonl({"prompt_id": "q0", "logprob": -3.0, "token_logprobs": [-1.0, -2.0]})
    found = read(tmp_path, rows=rows(1, base_policy_logprob=...), base_logprobs=base)
    assert found.rows["logging_logprob"].to_list() == [-3.0]
    assert found.rows["logging_token_logprobs"].to_list() == [[-1.0, -2.0]]
    assert found.rows["logging_code"].to_list() == [None]


def test_a_failed_cell_keeps_its_code(tmp_path: Path) -> None:
    found = read(tmp_path, rows=rows(), near_logprobs=logprobs(-1.5, float("nan"), None))
    assert found.rows["target_code:near"].to_list() == [None, "non_finite", "no_score"]


def test_where_two_files_differ_neither_is_used(tmp_path: Path) -> None:
    found = read(tmp_path, rows=rows(judge_score=0.5), scores=jsonl({"prompt_id": "q1", "judge_score": 0.25}))
    assert found.rows["judge_score"].to_list() == [0.5, None, 0.5]
    assert found.rows["judge_code"].to_list() == [None, "duplicate", None]


def test_a_line_without_its_row_and_a_line_about_another_response_are_quarantined(tmp_path: Path) -> None:
    lines = jsonl({"prompt_id": "q9", "logprob": -1.0}, {"prompt_id": "q0", "logprob": -2.0, "response": "Another."})
    found = read(tmp_path, rows=rows(), near_logprobs=lines)
    assert found.quarantine.select("line", "code").rows() == [(1, "schema"), (2, "echo_mismatch")]
    assert found.quarantine["reason"].to_list() == [
        "Line 1 is about q9, and no row is called so.", "Line 2 scored another response than that of row q0.",
    ]  # fmt: skip
    assert found.n_lines == found.rows.height + found.quarantine.height
    assert found.rows["target_logprob:near"].null_count() == 3


def test_conflicting_lines_of_one_file_are_not_used(tmp_path: Path) -> None:
    lines = jsonl(
        {"prompt_id": "q0", "logprob": -1.0}, {"prompt_id": "q0", "logprob": -2.0}, {"prompt_id": "q1", "logprob": -2.0}
    )
    found = read(tmp_path, rows=rows(), near_logprobs=lines)
    assert found.rows["target_logprob:near"].to_list() == [None, -2.0, None]
    assert found.quarantine.height == 2


def test_log_prob_files_that_repeat_the_rows_are_enough(tmp_path: Path) -> None:
    text = {"prompt": "Question?", "response": "Answer."}
    found = read(tmp_path, clone_logprobs=logprobs(-1.0, -2.0, **text), base_logprobs=logprobs(-1.5, -2.5, **text))
    assert found.rows["logging_logprob"].to_list() == [-1.5, -2.5]
    assert found.rows["target_logprob:clone"].to_list() == [-1.0, -2.0]


def test_a_log_and_log_prob_files_make_a_whole_dataset(tmp_path: Path) -> None:
    ids = [("france", 0), ("italy", 0), ("spain", 1)]
    lines = jsonl(*({"prompt_id": name, "draw": draw, "logprob": -2.0} for name, draw in ids))
    paths = write(tmp_path, base_logprobs=lines, near_logprobs=lines)
    found = read_dataset([INSPECT, *paths], ImportOptions())
    told = found.rows.filter(found.rows["logging_logprob"].is_not_null())
    assert told["row_id"].to_list() == ["france", "italy", "spain#1"]
    assert found.policies == ("near",)


def test_only_values_and_no_rows_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no prompt"):
        read(tmp_path, near_logprobs=logprobs(-1.0), far_logprobs=logprobs(-1.0))


def test_the_dry_run_names_every_file(tmp_path: Path) -> None:
    paths = write(tmp_path, rows=rows(), near_logprobs=logprobs(-1.5, -2.5))
    seen = dry_run(paths, ImportOptions())
    assert [file.sentence for file in seen.files] == [
        "rows.jsonl is JSON Lines: 3 rows looked at, its rows are the dataset.",
        "near_logprobs.jsonl is a policy's log-probabilities: 2 rows looked at, its values are joined to the rows by prompt_id.",
    ]
    assert (seen.n_rows, seen.policies) == (3, ("near",))
