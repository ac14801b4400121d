"""Commands, exit codes, and the one JSON document."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.helpers import cje
from tests.conftest import synthetic_rows
from tests.formats.logs.made import PROMPTFOO
from tests.pages.conftest import script


def test_a_clean_import_exits_0_and_reports(tmp_path: Path, write_rows: Callable[..., Path]) -> None:
    path = write_rows(synthetic_rows(600, sd=0.4))
    done = cje(tmp_path / "w", "import", path, "--json")
    assert (done.code, set(done.document)) == (0, {"run", "status"})
    rows = cje(tmp_path / "w", "runs", "--json").document
    assert [r["status"] for r in rows] == ["complete"]
    report = cje(tmp_path / "w", "report", rows[0]["id"][:10], "--json").document
    assert {p["name"]: p["verdict"] for p in report["policies"] if p["role"] != "logging"} == {
        "clone": "report",
        "near": "report",
    }
    text = cje(tmp_path / "w", "report", "latest").out
    assert all(p["sentence"] in text for p in report["policies"])


def test_a_failing_check_exits_1_unless_told_otherwise(tmp_path: Path, write_rows: Callable[..., Path]) -> None:
    rows = synthetic_rows(300)
    for row in rows:
        row["target_policy_logprobs"]["near"] = row["base_policy_logprob"]
    path = write_rows(rows)
    assert cje(tmp_path / "w", "import", path, "--json").code == 1
    assert cje(tmp_path / "w", "import", path, "--json", "--exit-zero").code == 0


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        (["import", "no_such_file.jsonl"], "no file"),
        (["report", "latest"], "no run"),
        (["run", "no_such.yaml"], "cannot be read"),
        (["import"], "Missing argument"),
        (["import", "x", "--judge-scale", "1", "0"], "lower end first"),
        (["import", "x", "--map", "oops"], "COLUMN=FIELD"),
        (["serve", "--host", "0.0.0.0"], "so it is served on this machine only"),
        (["nonsense"], "No such command"),
        (["cancel", "zzz"], "no run"),
    ],
)
def test_bad_usage_exits_2_with_one_sentence(tmp_path: Path, arguments: list[str], fragment: str) -> None:
    done = cje(tmp_path / "w", *arguments, "--json")
    assert done.code == 2
    error: dict[str, Any] = done.document["error"]
    assert set(error) == {"sentence", "expected", "got", "what_to_do"}
    assert fragment in error["sentence"]
    plain = cje(tmp_path / "w", *arguments)
    assert (plain.code, plain.out) == (2, "")
    assert fragment in plain.err


def test_an_import_that_reads_nothing_exits_2(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_text("")
    done = cje(tmp_path / "w", "import", path, "--json")
    assert done.code == 2
    assert json.loads(done.out)["error"]["sentence"].endswith(".")


def test_a_dry_run_names_each_file_and_stores_nothing(tmp_path: Path) -> None:
    said = cje(tmp_path / "w", "import", PROMPTFOO, "--rows-of", "long", "--dry-run")
    assert said.code == 0
    assert "promptfoo.json is a promptfoo result: 6 rows looked at" in said.out
    assert "This format carries no log-probabilities, so no row can be weighed yet." in said.out
    document = cje(tmp_path / "w", "import", PROMPTFOO, "--dry-run", "--json").document
    assert document["files"][0]["format"] == "promptfoo"
    assert [s["stage"] for s in document["stages"] if not s["ready"]] == [
        "logging_policy",
        "target_policy",
        "estimation",
    ]
    assert cje(tmp_path / "w", "runs", "--json").document == []


def test_the_rest_of_a_pilot_is_one_command_and_only_a_pilot_has_one(tmp_path: Path) -> None:
    config = tmp_path / "experiment.json"
    config.write_text(script(tmp_path, delay_s=0.0), encoding="utf-8")
    pilot = cje(tmp_path / "w", "run", config, "--pilot", "10", "--exit-zero", "--json").document["run"]
    rest = cje(tmp_path / "w", "rest", pilot, "--json")
    assert (rest.code, rest.document["status"], rest.document["run"] == pilot) == (0, "complete", False)
    live = cje(tmp_path / "w", "report", rest.document["run"], "--json").document
    assert {p["n_total"] for p in live["policies"]} == {24}
    refused = cje(tmp_path / "w", "rest", rest.document["run"], "--json")
    assert (refused.code, refused.document["error"]["what_to_do"]) == (2, "Start it with --pilot N.")
