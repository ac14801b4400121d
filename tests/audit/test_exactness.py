"""Damage in a file, imported: what is left out is what was damaged, the estimates are the rest's, no one else is hit."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cje_audit.audit import Audit, ImportOptions
from cje_audit.domain.report import Report
from tests.report.helpers import policy

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data" / "experiment" / "logged_data.jsonl"
NAME = "four_examples"
DAMAGE = {"sentinel": (-100.0, -7.25, -41.5), "non_finite": (float("nan"), float("inf")), "positive_logprob": (0.25,),
          "zero_on_text": (0.0,)}  # fmt: skip


def imported(audit: Audit, path: Path, rows: list[dict[str, Any]]) -> Report:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    run = audit.import_files([path], ImportOptions())
    assert audit.wait(run, timeout_s=120).status == "complete"
    return audit.report(run)


def test_damage_costs_its_own_rows_and_policy_alone(audit: Audit, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    clean = imported(audit, tmp_path / "clean.jsonl", rows)
    kept = {r["prompt_id"] + str(r["draw"]): r for r in json.loads(json.dumps(rows))}
    long = [i for i, row in enumerate(rows) if len(row["response"]) >= 32]
    order = iter(np.random.default_rng(5).permutation(long).tolist())
    for value in [v for values in DAMAGE.values() for v in values for _ in range(4)]:
        row = rows[next(order)]
        row["target_policy_logprobs"][NAME] = value
        del kept[row["prompt_id"] + str(row["draw"])]
    found = imported(audit, tmp_path / "spoilt.jsonl", rows)

    mine = policy(found, NAME)
    assert mine.missing_by_code == {code: 4 * len(values) for code, values in DAMAGE.items()}
    weight = np.exp([r["target_policy_logprobs"][NAME] - r["base_policy_logprob"] for r in kept.values()])
    score = np.array([r["judge_score"] for r in kept.values()])
    by_name = {(e.estimator, e.reward): e.value for e in mine.estimates}
    assert by_name["ips", "judge"] == pytest.approx(np.mean(weight * score), rel=1e-12)
    assert by_name["snips", "judge"] == pytest.approx(np.sum(weight * score) / np.sum(weight), rel=1e-12)
    for other in ("clone", "two_examples", "unhelpful"):
        chance = {"probability_best": None}  # how often a policy is the best is about the others too
        assert policy(found, other).model_copy(update=chance) == policy(clean, other).model_copy(update=chance)
