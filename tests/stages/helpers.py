"""Launched runs on the scripted provider: real stages, real worker process, known answers."""

import json
from pathlib import Path
from typing import Any

import polars as pl

from cje_audit.audit import Audit
from cje_audit.store.tables import TABLES, RunTables

VOLATILE = {"attempts", "seconds", "finished_at", "facts"}


def script(folder: Path, **settings: Any) -> Path:
    """Write a script for the provider; its log of asks lies beside it."""
    path = folder / "script.json"
    path.write_text(json.dumps({"log": str(folder / "asks.jsonl"), **settings}))
    return path


def experiment(folder: Path, script_path: Path, *, n: int = 30, execution: str = "{}", extra: str = "") -> str:
    """Return an experiment of `n` prompts and three targets as YAML; its prompts lie in `folder`."""
    prompts = [{"prompt_id": f"p{i:03d}", "prompt": f"What is {i} plus {i}?"} for i in range(n)]
    (folder / "prompts.jsonl").write_text("".join(json.dumps(p) + "\n" for p in prompts))
    return f"""
name: scripted
data: {{path: {folder / "prompts.jsonl"}}}
logging_policy: &base {{name: base, provider: scripted, model: m, base_url: "{script_path}", max_tokens: 8}}
target_policies:
  - {{<<: *base, name: clone, role: clone}}
  - {{<<: *base, name: mild, system_prompt: "Be helpful."}}
  - {{<<: *base, name: other, system_prompt: "Be odd."}}
judge: {{kind: score, provider: scripted, model: judge, base_url: "{script_path}"}}
execution: {execution}
{extra}
"""


def asks(folder: Path) -> list[tuple[str, ...]]:
    """Return what the provider was asked, in order."""
    path = folder / "asks.jsonl"
    return [tuple(json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []


def dump(audit: Audit, run: str) -> dict[str, pl.DataFrame]:
    """Return every table of a run without attempt counts and times."""
    tables = RunTables(audit.workspace / "runs" / run / "run.duckdb", read_only=True)
    try:
        frames = {name: tables.table(name) for name in TABLES}
    finally:
        tables.close()
    return {n: f.drop([c for c in f.columns if c in VOLATILE]).sort(f.columns[:2]) for n, f in frames.items()}
