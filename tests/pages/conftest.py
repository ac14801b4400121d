"""A workspace with one run of every kind, made by the real engine, and a way to look at a page of it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.places import PLACES
from cje_audit.audit import Audit, ImportOptions
from tests.conftest import ROOT, synthetic_rows

HOSTILE = "<script>alert(1)</script> ![x](http://example.org/x.png) **bold** $x$"
SENTINEL_ROWS = 7


@dataclass(frozen=True)
class World:
    """The workspace and the ids of its runs."""

    workspace: Path
    complete: str
    failed: str
    running: str


def rows_of_every_kind(n: int = 240) -> list[dict[str, Any]]:
    """Rows with a policy that overlaps, one that does not, one that was scored by mistake, and a few failures."""
    rows = synthetic_rows(n, seed=3, sd=0.3)
    for row, far in zip(rows, synthetic_rows(n, seed=4, sd=9.0), strict=True):
        values = row["target_policy_logprobs"]
        values["far"] = row["base_policy_logprob"] + min(
            0.0, far["target_policy_logprobs"]["near"] - far["base_policy_logprob"]
        )
        values["uniform"] = row["base_policy_logprob"]
    for row in rows[:SENTINEL_ROWS]:
        row["target_policy_logprobs"]["near"] = -999.0
    rows[0]["response"] = HOSTILE
    rows[1]["prompt"] = HOSTILE
    return rows


def script(folder: Path, *, delay_s: float) -> str:
    """Write an experiment whose provider answers from a table, and return its text."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "script.json").write_text(json.dumps({"delay_s": delay_s}), encoding="utf-8")
    rows = [{"prompt_id": f"q{i}", "prompt": f"Question {i}?"} for i in range(24)]
    (folder / "prompts.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    model = {"provider": "scripted", "base_url": str(folder / "script.json"), "model": "table"}
    base = {**model, "name": "base"}
    return json.dumps(
        {
            "name": "scripted questions",
            "data": {"path": str(folder / "prompts.jsonl")},
            "logging_policy": base,
            "target_policies": [
                {**base, "name": "clone", "role": "clone"},
                {**base, "name": "short", "system_prompt": "Be short."},
            ],
            "judge": {**model, "kind": "score"},
            "execution": {"concurrency": 2},
        }
    )


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    data = folder / "rows.jsonl"
    lines = [json.dumps(r) for r in rows_of_every_kind()]
    data.write_text("\n".join([*lines, '{"prompt_id": "broken", "prompt": "cut o']) + "\n", encoding="utf-8")
    audit = Audit.open(folder / "workspace")
    complete = audit.import_files([data], ImportOptions(), name="rows of every kind")
    audit.wait(complete, timeout_s=120)
    empty = folder / "empty.jsonl"
    empty.write_text("not a row\n", encoding="utf-8")
    failed = audit.import_files([empty], ImportOptions(), name="not rows")
    audit.wait(failed, timeout_s=120)
    running = audit.launch(script(folder / "slow", delay_s=30))
    yield World(folder / "workspace", complete, failed, running)
    audit.cancel(running)
    audit.wait(running, timeout_s=60)
    audit.close()


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., AppTest]]:
    """Open a page of the dashboard on a workspace, as a link with these parameters would."""

    def open_page(workspace: Path, place: str, **query: str) -> AppTest:
        monkeypatch.setenv("CJE_AUDIT_WORKSPACE", str(workspace))
        at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
        for name, value in query.items():
            at.query_params[name] = value
        at.run()
        at.switch_page(PLACES[place].path)
        for name, value in query.items():
            at.query_params[name] = value
        return at.run()

    yield open_page
    st.cache_resource.clear()


def texts(at: AppTest) -> list[str]:
    """Return every sentence that is printed exactly as it came."""
    return [element.value for element in at.text]


def everything(at: AppTest) -> str:
    """Return all words of a page, tables and charts included."""
    plain = [e.value for kind in (at.text, at.markdown, at.caption, at.code, at.error, at.warning) for e in kind]
    tables = [element.value.to_csv() for element in at.dataframe]
    charts = [str(element.proto) for element in at.get("plotly_chart")]
    return "\n".join([*plain, *tables, *charts, *(f"{m.label} {m.value}" for m in at.metric)])
