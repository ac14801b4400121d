"""Results as promptfoo itself wrote them."""

import json
from pathlib import Path
from typing import Any

import pytest

from cje_audit.domain.errors import InputError
from cje_audit.formats.dataset import Imported, read_dataset
from cje_audit.formats.dry_run import NO_LOGPROBS, dry_run
from cje_audit.formats.options import ImportOptions
from tests.formats.logs.made import PROMPTFOO, make


def is_right(found: Imported) -> None:
    assert found.rows["row_id"].to_list() == [f"test-{i}" for i in range(5)]
    assert found.rows["judge_score"].to_list() == [0.875, 0.875, 0.125, 0.875, None]
    assert found.rows["judge_code"].to_list() == [None, None, None, None, "unparseable"]
    assert found.rows["response"][0] == "The capital of France is Paris."
    assert found.quarantine.height == 1
    assert "(test-5) has no response: it ended in the error the server went away." in found.quarantine["reason"][0]


def test_the_results_of_one_policy_become_rows() -> None:
    found = read_dataset([PROMPTFOO], ImportOptions(rows_of="long"))
    is_right(found)
    assert "The rows are the responses of long; passed over: 6 of short. Choose with --rows-of POLICY." in found.notes
    assert any("although promptfoo counted it as 0" in note for note in found.notes)


def test_without_a_choice_it_is_the_first_and_said() -> None:
    found = read_dataset([PROMPTFOO], ImportOptions())
    assert found.rows["response"][0] == "Paris."
    assert any("passed over: 6 of long" in note for note in found.notes)
    with pytest.raises(InputError, match="no response of other") as caught:
        read_dataset([PROMPTFOO], ImportOptions(rows_of="other"))
    assert caught.value.expected == "short, long"


def test_one_assertions_score_can_be_the_judges() -> None:
    mapping = {"asserts.llm-rubric": "judge_score", "asserts.contains": "oracle_label"}
    found = read_dataset([PROMPTFOO], ImportOptions(mapping=mapping))
    assert found.rows["judge_score"].to_list() == [0.75, 0.75, 0.25, 0.75, None]
    assert found.rows["judge_code"].to_list()[-1] == "unparseable"
    assert found.rows["oracle_label"].to_list() == [1.0, 1.0, 0.0, 1.0, 1.0]


def test_the_dry_run_says_what_is_missing() -> None:
    seen = dry_run([PROMPTFOO], ImportOptions())
    assert seen.files[0].format == "promptfoo"
    assert seen.files[0].sentence.endswith(NO_LOGPROBS)


def results() -> list[dict[str, Any]]:
    return json.loads(PROMPTFOO.read_text())["results"]["results"]


def as_lines(folder: Path, rows: list[Any]) -> Path:
    path = folder / "results.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_one_line_per_result_reads_the_same(tmp_path: Path) -> None:
    is_right(read_dataset([as_lines(tmp_path, results())], ImportOptions(rows_of="long")))


def test_a_test_without_assertions_has_no_score(tmp_path: Path) -> None:
    unasked = results()[0] | {"score": 1, "gradingResult": {"pass": True, "score": 1, "reason": "No assertions"}}
    found = read_dataset([as_lines(tmp_path, [unasked])], ImportOptions())
    assert found.rows.select("judge_score", "judge_code").row(0) == (None, "no_score")
    assert any("without an assertion" in note for note in found.notes)


def test_a_repeated_test_is_another_draw(tmp_path: Path) -> None:
    one = results()[0]
    again = one | {"testIdx": 7, "response": {"output": "Paris!"}}
    rows = read_dataset([as_lines(tmp_path, [one, again])], ImportOptions()).rows
    assert rows["row_id"].to_list() == ["test-0", "test-0#1"]


def test_a_second_prompt_template_is_another_policy(tmp_path: Path) -> None:
    one = results()[0]
    found = read_dataset([as_lines(tmp_path, [one, one | {"promptIdx": 5}])], ImportOptions())
    assert any("responses of short prompt 1; passed over: 1 of short prompt 6" in note for note in found.notes)


def test_an_answer_that_is_no_text_is_read_as_its_json(tmp_path: Path) -> None:
    found = read_dataset([as_lines(tmp_path, [results()[0] | {"response": {"output": {"a": 1}}}])], ImportOptions())
    assert found.rows["response"].to_list() == ['{"a":1}']


@pytest.mark.slow
def test_a_result_made_now(tmp_path: Path) -> None:
    is_right(read_dataset([make("promptfoo", tmp_path) / "promptfoo.json"], ImportOptions(rows_of="long")))
