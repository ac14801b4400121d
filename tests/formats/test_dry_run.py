"""The look before an import: what is there, what is missing, and only the first lines of a big file are read."""

import json
from pathlib import Path
from typing import Any

import pytest

from cje_audit.domain.errors import InputError
from cje_audit.domain.views import DryRunView
from cje_audit.formats.dry_run import dry_run
from cje_audit.formats.limits import DRY_RUN_ROWS
from cje_audit.formats.options import ImportOptions
from tests.formats.builders import arena_row, csv_bytes, flat_row, jsonl


def look(folder: Path, name: str, data: bytes, **options: Any) -> DryRunView:
    (folder / name).write_bytes(data)
    return DryRunView.model_validate(dry_run([folder / name], ImportOptions(**options)).document())


def ready(view: DryRunView) -> dict[str, bool]:
    return {stage.stage: stage.ready for stage in view.stages}


def test_the_real_arena_rows_are_ready(arena: Path) -> None:
    view = DryRunView.model_validate(dry_run([arena / "logged_data.jsonl"], ImportOptions()).document())
    assert (view.n_rows, view.n_quarantined, view.layout, view.problems, view.notes) == (503, 0, "arena", (), ())
    assert list(ready(view).items()) == [
        (s, True) for s in ("dataset", "logging_policy", "target_policy", "judge", "estimation")
    ]
    assert view.stages[-1].sentence == "Can run; 226 of 503 rows carry an oracle label."
    assert "base_policy_logprob" in view.columns


@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        ({"base_policy_logprob": ...}, ["logging_policy"]),
        ({"target_policy_logprobs": ...}, ["target_policy"]),
        ({"target_policy_logprobs": {"clone": -1.0, "cot": None}}, ["target_policy"]),
        ({"judge_score": ...}, ["judge"]),
        ({"response": ..., "base_policy_logprob": ..., "target_policy_logprobs": ..., "judge_score": ...}, ["logging_policy", "target_policy", "judge"]),
    ],
)  # fmt: skip
def test_a_stage_without_its_column_is_not_ready(tmp_path: Path, changed: dict[str, Any], missing: list[str]) -> None:
    view = look(tmp_path, "a.jsonl", jsonl(arena_row(1, **changed), arena_row(2, **changed)))
    assert [stage for stage, is_ready in ready(view).items() if not is_ready] == [*missing, "estimation"]
    assert all(stage.sentence.endswith(".") for stage in view.stages)
    assert missing[0].replace("_", " ") in view.stages[-1].sentence


def test_problems_are_named_and_counted(tmp_path: Path) -> None:
    view = look(tmp_path, "a.jsonl", jsonl(arena_row(1), arena_row(1), *("{" for _ in range(7))))
    assert (view.n_rows, view.n_quarantined) == (1, 7)
    assert view.problems[0] == "Line 3 is cut off: its JSON does not end."
    assert view.problems[-1] == "And 2 more."
    assert view.notes == ("1 exact copy of a row would be dropped.",)


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_of_a_big_file_only_the_start_is_read(tmp_path: Path, name: str) -> None:
    n = DRY_RUN_ROWS + 500
    rows = [flat_row(i) for i in range(n)]
    data = csv_bytes(rows) if name == "a.csv" else jsonl(*rows)
    cut = data[:-1] + b"{"  # a fault at the very end, which a look at the start cannot see
    view = look(tmp_path, name, cut)
    assert (view.n_rows, view.n_quarantined) == (n, 0)
    assert view.notes == (f"Only the first 2,000 of 2,500 lines of {name} were looked at.",)


def test_a_big_array_says_that_there_may_be_more(tmp_path: Path) -> None:
    view = look(tmp_path, "a.json", json.dumps([arena_row(i) for i in range(DRY_RUN_ROWS + 1)]).encode())
    assert view.notes == ("Only the first 2,000 rows of a.json were looked at; it may hold more.",)


def test_a_column_map_is_used_and_checked(tmp_path: Path) -> None:
    data = jsonl(arena_row(1, judge_score=..., grade=0.5))
    assert ready(look(tmp_path, "a.jsonl", data, mapping={"grade": "judge_score"}))["judge"]
    with pytest.raises(InputError, match="no column note"):
        look(tmp_path, "a.jsonl", data, mapping={"note": "judge_score"})
