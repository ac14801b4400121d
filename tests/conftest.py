"""What every test may use: a fresh workspace, and rows whose truth is known because the test made them."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cje_audit.audit import Audit

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture
def audit(tmp_path: Path) -> Iterator[Audit]:
    """A fresh workspace."""
    opened = Audit.open(tmp_path / "workspace")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def arena() -> Path:
    """The real arena rows; skips where they are absent."""
    folder = SHARED / "arena"
    if not folder.is_dir():
        pytest.skip("the arena rows are not on this machine")
    return folder


def synthetic_rows(n: int = 300, *, seed: int = 0, sd: float = 0.5, labelled: float = 0.5) -> list[dict[str, Any]]:
    """Log-normal weights with E[w] = 1 on made-up text; policy `clone` is scored identically, `near` with spread `sd`."""
    rng = np.random.default_rng(seed)
    words = np.array(
        [
            "the",
            "a",
            "red",
            "blue",
            "green",
            "small",
            "large",
            "cat",
            "dog",
            "tree",
            "runs",
            "sleeps",
            "eats",
            "sees",
            "near",
            "far",
            "house",
            "river",
        ]
    )
    rows = []
    for i in range(n):
        length = int(rng.integers(5, 40))
        base = -float(rng.gamma(length, 0.6)) - 0.1
        shift = float(rng.normal(-(sd**2) / 2, sd))
        score = 1 / (1 + math.exp(-float(rng.normal(0.5 * shift, 1.0))))
        row: dict[str, Any] = {
            "prompt_id": f"p{i:05d}",
            "prompt": f"Question {i}: " + " ".join(rng.choice(words, 6)) + "?",
            "response": " ".join(rng.choice(words, length)) + ".",
            "base_policy_logprob": base,
            "target_policy_logprobs": {"clone": base, "near": min(base + shift, -1e-3)},
            "judge_score": round(score, 6),
        }
        if rng.random() < labelled:
            row["oracle_label"] = float(rng.random() < score)
        rows.append(row)
    return rows


@pytest.fixture
def write_rows(tmp_path: Path) -> Callable[..., Path]:
    """Write rows as a JSONL file and return its path."""

    def write(rows: list[dict[str, Any]], name: str = "rows.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
        return path

    return write
