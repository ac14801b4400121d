"""Inspect logs as Inspect itself wrote them."""

from pathlib import Path

import polars as pl
import pytest

from cje_audit.domain.errors import InputError
from cje_audit.formats.dataset import Imported, read_dataset
from cje_audit.formats.dry_run import NO_LOGPROBS, dry_run
from cje_audit.formats.options import ImportOptions
from tests.formats.logs.made import INSPECT, INSPECT_JSON, make


def read(path: Path, **options: object) -> Imported:
    return read_dataset([path], ImportOptions(**options))  # type: ignore[arg-type]


def column(imported: Imported, name: str) -> dict[str, object]:
    return dict(imported.rows.select("row_id", name).iter_rows())


def is_right(imported: Imported) -> None:
    """Six questions twice; Spain is wrong in the second epoch, Kenya ends in an error there."""
    assert imported.rows.height == 11
    assert imported.n_lines == 12
    scores = column(imported, "judge_score")
    assert scores["spain"] == 1.0
    assert scores["spain#1"] == 0.0
    assert "kenya#1" not in scores
    assert imported.quarantine["reason"].to_list() == [
        'Sample 12 (id kenya, epoch 2) has no response: it ended in the error ValueError("the sample\'s server went away").'
    ]
    assert column(imported, "prompt")["peru"] == "What is the capital of Peru?"
    assert column(imported, "response")["peru"] == "The capital of Peru is Lima."
    assert set(column(imported, "n_tokens").values()) == {7}
    assert set(column(imported, "finish_reason").values()) == {"stop"}


def test_samples_become_rows_and_an_errors_sample_is_quarantined() -> None:
    is_right(read(INSPECT))


def test_an_ungraded_sample_has_no_score() -> None:
    found = read(INSPECT, mapping={"scores.judge": "judge_score", "scores.match": "oracle_label"})
    scores, codes = column(found, "judge_score"), column(found, "judge_code")
    assert (scores["peru"], codes["peru"]) == (None, "unparseable")
    assert (scores["france"], scores["spain#1"], codes["france"]) == (0.875, 0.25, None)
    assert column(found, "oracle_label")["spain#1"] == 0.0
    assert any("no grade" in note for note in found.notes)


def test_the_other_scorers_are_named() -> None:
    assert any("judge_score is the score of match" in note and "scores.judge" in note for note in read(INSPECT).notes)


def test_log_probs_of_generation_are_read() -> None:
    found = read(INSPECT_JSON)
    assert found.rows.height == 6
    row = found.rows.row(by_predicate=pl.col("row_id") == "france", named=True)
    assert row["logging_logprob"] == pytest.approx(sum(row["logging_token_logprobs"]), abs=1e-12)
    assert "".join(row["tokens"]) == row["response"]
    assert any("generation" in note for note in found.notes)


def test_the_dry_run_says_what_is_missing() -> None:
    seen = dry_run([INSPECT], ImportOptions())
    assert seen.files[0].format == "inspect"
    assert seen.files[0].sentence == (
        f"inspect.eval is an Inspect log: 12 rows looked at, its rows are the dataset. {NO_LOGPROBS}"
    )
    assert NO_LOGPROBS not in dry_run([INSPECT_JSON], ImportOptions()).files[0].sentence
    assert [stage.stage for stage in seen.stages if not stage.ready] == [
        "logging_policy",
        "target_policy",
        "estimation",
    ]


def test_another_models_log_is_passed_over_and_said(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_bytes(INSPECT_JSON.read_bytes().replace(b'"model": "mockllm/model"', b'"model": "other/model"'))
    found = read_dataset([INSPECT, other], ImportOptions())
    assert found.rows.height == 11
    assert any("passed over: 6 of other/model" in note for note in found.notes)
    chosen = read_dataset([INSPECT, other], ImportOptions(rows_of="other/model"))
    assert chosen.rows.height == 6
    with pytest.raises(InputError, match="no response of none"):
        read(INSPECT, rows_of="none")


def test_a_log_without_samples_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_text('{"version": 2, "status": "success", "eval": {}, "samples": null}')
    with pytest.raises(InputError, match="without samples"):
        read(path)


def test_a_log_that_is_cut_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_bytes(INSPECT_JSON.read_bytes()[:20_000])
    with pytest.raises(InputError, match="not a whole JSON object"):
        read(path)


@pytest.mark.slow
def test_a_log_made_now(tmp_path: Path) -> None:
    made = make("inspect", tmp_path)
    is_right(read(made / "inspect.eval"))
    assert read(made / "inspect_with_logprobs.json").rows["logging_logprob"].null_count() == 0
