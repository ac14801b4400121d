"""Stop-gap reader (JSONL, arena layout), replaced by the real one."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from cje_audit.formats.options import ImportOptions


@dataclass(frozen=True)
class Imported:
    rows: pl.DataFrame
    policies: tuple[str, ...]
    logging_name: str
    layout: str
    quarantine: pl.DataFrame
    n_lines: int
    n_exact_duplicates: int
    conflicting_ids: tuple[str, ...]
    notes: tuple[str, ...]


def number(value: Any) -> tuple[float | None, str | None]:
    if value is None:
        return None, "no_score"
    if isinstance(value, (int, float)) and math.isfinite(value):
        return float(value), None
    return None, "non_finite"


def read_dataset(paths: Sequence[Path], options: ImportOptions, progress: Callable[[int], None] | None = None) -> Imported:
    rows, policies = [], []
    for path in paths:
        for i, line in enumerate(path.read_text().splitlines()):
            d = json.loads(line)
            for p in d.get("target_policy_logprobs", {}):
                if p not in policies:
                    policies.append(p)
            rows.append((path.name, i + 1, d))
    out = []
    for source, line, d in rows:
        pid = d.get("prompt_id") or d.get("metadata", {}).get("prompt_id")
        draw = d.get("draw", 0)
        lv, lc = number(d.get("base_policy_logprob"))
        jv, jc = number(d.get("judge_score"))
        if jv is None and d.get("judge_text") is not None:
            jc = d.get("judge_code", "unparseable")
        ov, oc = number(d.get("oracle_label"))
        row = dict(row_id=pid if not draw else f"{pid}#{draw}", prompt_id=pid, draw=draw, prompt=d["prompt"], response=d.get("response"),
                   finish_reason=d.get("finish_reason"), n_tokens=d.get("n_tokens"), source=source, line=line, logging_logprob=lv,
                   logging_code=lc, logging_detail=None, judge_score=jv, judge_code=jc, judge_text=d.get("judge_text"), judge_detail=None,
                   oracle_label=ov, oracle_code=oc)
        for p in policies:
            v, c = number(d.get("target_policy_logprobs", {}).get(p))
            row |= {f"target_logprob:{p}": v, f"target_code:{p}": c, f"target_detail:{p}": None}
        out.append(row)
    over = dict.fromkeys(("logging_code", "logging_detail", "judge_code", "judge_text", "judge_detail", "oracle_code", "finish_reason", "response"), pl.String)
    over |= dict.fromkeys(("judge_score", "oracle_label", "logging_logprob"), pl.Float64) | {"n_tokens": pl.Int64}
    for p in policies:
        over |= {f"target_detail:{p}": pl.String, f"target_code:{p}": pl.String}
    q = pl.DataFrame(schema={"source": pl.String, "line": pl.Int64, "reason": pl.String, "code": pl.String, "excerpt": pl.String})
    return Imported(pl.DataFrame(out, schema_overrides=over, infer_schema_length=None), tuple(policies), "base", "arena", q, len(out), 0, (), ())
