"""Runs in the states that take time to make, and the rule that an estimate never stands without what it rests on."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from streamlit.testing.v1 import AppTest

from app import formats
from cje_audit.audit import Audit, ImportOptions
from tests.conftest import synthetic_rows
from tests.pages.conftest import everything, script

HUGE = 30_000
HAS_INTERVAL = re.compile(r"\d+ % interval [−-]?\d")  # an interval's ends, not a sentence about intervals
HAS_DENOMINATOR = re.compile(r"(\b[\d,]+ of [\d,]+ |[\d,]+ (rows|prompts|fresh draws|fresh responses|labels)\b)")
NUMBERS = {"Estimate": ("Interval", "Rows used"), "Difference": ("Interval", "Prompts in common")}


@dataclass(frozen=True)
class States:
    """The workspace and its runs: stopped halfway, all policies refused, very many rows."""

    workspace: Path
    partial: str
    refused: str
    huge: str


def make(folder: Path) -> States:
    """Make the runs with the real engine."""
    audit = Audit.open(folder / "workspace")
    partial = audit.launch(script(folder / "slow", delay_s=0.5))
    refused = audit.import_files([_refused(folder)], ImportOptions(), name="every policy refused")
    huge = audit.import_files([_huge(folder)], ImportOptions(), name="very many rows")
    audit.pause(partial)
    for run, status in ((partial, "partial"), (refused, "complete"), (huge, "complete")):
        assert audit.wait(run, timeout_s=300).status == status
    assert {p.verdict for p in audit.report(refused).policies if p.role == "target"} == {"refuse"}
    audit.close()
    return States(folder / "workspace", partial, refused, huge)


def _refused(folder: Path) -> Path:
    rows: list[dict[str, Any]] = synthetic_rows(120, seed=5)
    for row, far in zip(rows, np.random.default_rng(6).normal(-30, 9, len(rows)), strict=True):
        row["target_policy_logprobs"] = {"far": row["base_policy_logprob"] + min(far, -1.0)}
    path = folder / "refused.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    return path


def _huge(folder: Path) -> Path:
    rng, ids = np.random.default_rng(8), pl.int_range(HUGE, eager=True).cast(pl.String)
    logging = -rng.gamma(20.0, 2.0, HUGE)
    near = np.minimum(logging + rng.normal(-0.02, 0.2, HUGE), -1e-9)
    lost = pl.when(pl.Series(rng.random(HUGE) < 0.01)).then(None).otherwise(pl.Series(near))
    columns = {
        "prompt_id": "q" + ids, "prompt": "Question number " + ids + "?", "response": "The answer is number " + ids + ".",
        "base_policy_logprob": logging, "judge_score": rng.beta(4, 2, HUGE),
    }  # fmt: skip
    targets = pl.DataFrame({"clone": logging, "near": near}).with_columns(near=lost)
    path = folder / "huge.parquet"
    pl.DataFrame(columns).with_columns(targets.to_struct("target_policy_logprobs")).write_parquet(path)
    return path


def bare_estimates(at: AppTest) -> list[str]:
    """Return every place of a page that prints an estimate without its interval or without what it rests on."""
    sentences = [s.replace("\\", "") for s in everything(at).splitlines()]
    found = [s for s in sentences if HAS_INTERVAL.search(s) and not HAS_DENOMINATOR.search(s)]
    for table in (frame.value for frame in at.dataframe):
        for number, beside in NUMBERS.items():
            if number in table:
                shown = table[table[number] != formats.MISSING]
                found += [
                    f"{number} without {b}" for b in beside if b not in shown or (shown[b] == formats.MISSING).any()
                ]
    return found
