"""Derives the small faulty siblings from the sample experiment: the same rows, each with one thing gone wrong."""

import copy
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from policies import MILD, SEED

Row = dict[str, Any]
UNREADABLE = ("Sure! I would say it is quite good overall.", "N/A", "", "The answer seems right to me", "score: high")
BROKEN_SHARE = 0.06
CONSTANTS = ((-100.0, 16), (-50.0, 8))  # the constant, and how many rows carry it


def row_id(row: Row) -> str:
    """Return the row's name: the prompt id, with the draw where it is not the first."""
    return row["prompt_id"] if row["draw"] == 0 else f"{row['prompt_id']}#{row['draw']}"


def uniform_by_bug(rows: list[Row]) -> list[str]:
    """Score the mild target with the logging policy's settings: every weight is exactly 1."""
    for row in rows:
        row["target_policy_logprobs"][MILD] = row["base_policy_logprob"]
        row["target_policy_token_logprobs"][MILD] = row["base_policy_token_logprobs"]
    return [row_id(row) for row in rows]


def skipped_target_stage(rows: list[Row]) -> list[str]:
    """Leave teacher forcing out: no target policy has a log-probability."""
    for row in rows:
        del row["target_policy_logprobs"], row["target_policy_token_logprobs"]
    return [row_id(row) for row in rows]


def broken_judge(rows: list[Row]) -> list[str]:
    """Give some rows a judge reply without a readable score, and no score."""
    picked = _pick(rows, round(BROKEN_SHARE * len(rows)))
    for n, row in enumerate(picked):
        del row["judge_score"]
        row |= {"judge_text": UNREADABLE[n % len(UNREADABLE)], "judge_code": "unparseable"}
    return [row_id(row) for row in picked]


def fallback_constants(rows: list[Row]) -> list[str]:
    """Put constants that a careless program writes when scoring fails in place of the mild target's log-probs."""
    picked = _pick(rows, sum(count for _, count in CONSTANTS))
    constants = [constant for constant, count in CONSTANTS for _ in range(count)]
    for row, constant in zip(picked, constants, strict=True):
        row["target_policy_logprobs"][MILD] = constant
        del row["target_policy_token_logprobs"][MILD]
    return [row_id(row) for row in picked]


SIBLINGS: dict[str, Callable[[list[Row]], list[str]]] = {
    "uniform_by_bug": uniform_by_bug,
    "skipped_target_stage": skipped_target_stage,
    "broken_judge": broken_judge,
    "fallback_constants": fallback_constants,
}


def write_siblings(logged: Path, folder: Path) -> None:
    """Write every sibling, and `rows.json`: which rows of each were touched."""
    rows = [json.loads(line) for line in logged.read_text(encoding="utf-8").splitlines()]
    folder.mkdir(parents=True, exist_ok=True)
    touched: dict[str, list[str]] = {}
    for name, spoil in SIBLINGS.items():
        spoilt = copy.deepcopy(rows)
        touched[name] = spoil(spoilt)
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in spoilt)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
        print(f"{name}: {len(touched[name])} of {len(rows)} rows touched")
    document = {"policy": MILD, "rows": touched}
    (folder / "rows.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _pick(rows: list[Row], count: int) -> list[Row]:
    picked = sorted(random.Random(SEED).sample(range(len(rows)), count))
    return [rows[n] for n in picked]
