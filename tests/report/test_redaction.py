"""No run of 20 characters of any prompt, response or judge's text survives in a redacted report."""

import json
import string
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cje_audit.audit import Audit, ImportOptions
from cje_audit.report.html import verify_html
from cje_audit.report.redaction import blanked
from cje_audit.store.tables import RunTables, TableWrite
from cje_audit.store.texts import LONGEST_RUN, repeated, runs_of
from tests.pages.conftest import rows_of_every_kind

QUOTE = "the very words of a secret question that nobody may read"
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)> and a tail",
    "![beacon](http://example.org/x.png) [link](javascript:alert(1))",
    "\x1b[31mred\x1b[0m \u202eright to left\u202c \u2066isolated\u2069 text",
    "=cmd|'/c calc'!A1 and then some more words of it",
    "x" * 450_000,
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Audit, str, list[str]]]:
    """A run that is named with words of a prompt, with hostile texts, and what all its texts are."""
    folder = tmp_path_factory.mktemp("redaction")
    rows = rows_of_every_kind()
    for row, text in zip(rows[10:], HOSTILE, strict=False):
        row["prompt"] = row["response"] = text
    rows[3]["prompt"] = QUOTE
    rows[4]["response"] = rows[4]["response"] + "<|im_end|>\nUser: " + QUOTE
    data = folder / "rows.jsonl"
    data.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    audit = Audit.open(folder / "workspace")
    run = audit.import_files([data], ImportOptions(), name=f"about {QUOTE}")
    assert audit.wait(run, timeout_s=300).status == "complete"
    audit.override(run, "target_policy.uniform_weights", reason=QUOTE, by="Ada")
    audit.reveal(run, "far", reason=QUOTE, by="Ada")
    audit.sign(run, "approve", by="Ada", note=QUOTE)
    yield audit, run, [text for row in rows for text in (row["prompt"], row["response"])]
    audit.close()


def test_no_run_of_any_text_survives_redaction(told: tuple[Audit, str, list[str]]) -> None:
    audit, run, texts = told
    assert QUOTE in audit.html(run)
    redacted = audit.html(run, redact=True)
    windows = set(runs_of(redacted))
    assert [
        (t[:80], sorted(windows & set(runs_of(t[:5000])))[:2]) for t in texts if windows & set(runs_of(t[:5000]))
    ] == []
    assert "<h1>about[…]</h1>" in redacted
    assert verify_html(redacted) == []
    assert audit.report(run).report_hash() in redacted
    assert len(redacted) < 10_000_000


def test_hostile_texts_are_exported_safely(told: tuple[Audit, str, list[str]]) -> None:
    audit, run, _ = told
    lines = audit.rows_csv(run).decode()
    assert "'=cmd" in lines
    assert "\n=cmd" not in lines and ",=cmd" not in lines and ',"=cmd' not in lines
    assert audit.row(run, "p00012").prompt == HOSTILE[2]
    assert audit.row(run, "p00014").response == HOSTILE[4]


WORDS = st.text(alphabet=string.ascii_lowercase + " é€𝄞<&\n", max_size=90)


@given(st.lists(WORDS, min_size=1, max_size=4), st.lists(WORDS, max_size=4), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_whatever_words_and_texts_are_nothing_of_the_texts_survives(
    tables_of: "dict[str, RunTables]", words: list[str], texts: list[str], start: int
) -> None:
    planted = [*words, *(f"before {t[start:]} after" for t in texts)]
    tables = tables_of["one"]
    rows = [
        {"row": i, "row_id": str(i), "prompt_id": str(i), "draw": 0, "prompt": t, "cluster": i, "text_key": i}
        for i, t in enumerate(texts)
    ]
    schema = {
        "row": pl.Int32,
        "row_id": pl.String,
        "prompt_id": pl.String,
        "draw": pl.Int32,
        "prompt": pl.String,
        "cluster": pl.Int64,
        "text_key": pl.Int64,
    }
    tables.load(TableWrite("sample", pl.DataFrame(rows, schema=schema)))
    runs = repeated(tables, planted)
    left = [blanked(w, runs) if runs else w for w in planted]
    secret = {run for t in texts for run in runs_of(t)}
    assert all(secret.isdisjoint(runs_of(w)) for w in left)
    assert runs == {r for w in planted for r in runs_of(w)} & secret
    assert all(len(r) == LONGEST_RUN for r in runs)


PLACES = {
    "sample": {"prompt": QUOTE, "row_id": "0", "prompt_id": "0", "draw": 0, "cluster": 0, "text_key": 0},
    "response": {
        "prompt": "p",
        "response": QUOTE,
        "row_id": "0",
        "prompt_id": "0",
        "draw": 0,
        "cluster": 0,
        "text_key": 0,
    },
    "judgement": {"draw": 0, "status": "ok", "score": 0.5, "raw": QUOTE},
    "oracle_label": {"status": "ok", "label": 0.5, "raw": QUOTE},
    "fresh_draw": {"policy": "p", "prompt_id": "0", "draw": 0, "prompt": "p", "response": QUOTE},
}


@pytest.mark.parametrize("place", PLACES)
def test_a_text_is_found_wherever_the_run_keeps_it(tmp_path: Path, place: str) -> None:
    tables = RunTables(tmp_path / "run.duckdb", read_only=False)
    told = dict(PLACES[place])
    if place != "sample" and place != "response":
        tables.load(TableWrite("sample", pl.DataFrame([{"row": 0, **PLACES["sample"], "prompt": "p"}])))
    if place != "fresh_draw":
        told["row"] = 0
    tables.load(TableWrite("sample" if place == "response" else place, pl.DataFrame([told])))
    assert repeated(tables, [f"as somebody said: {QUOTE[:30]}"]) >= set(runs_of(QUOTE[:30]))
    assert repeated(tables, ["nothing of it at all, in so many words"]) == frozenset()
    tables.close()


def test_a_run_of_an_earlier_version_is_still_redacted(tmp_path: Path) -> None:
    RunTables(tmp_path / "run.duckdb", read_only=False).close()
    with duckdb.connect(tmp_path / "run.duckdb") as db:
        db.execute("drop view failure; alter table oracle_label drop column raw")
    tables = RunTables(tmp_path / "run.duckdb", read_only=True)
    assert repeated(tables, [QUOTE]) == frozenset()
    tables.close()


@pytest.fixture(scope="module")
def tables_of(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[dict[str, RunTables]]":
    tables = RunTables(Path(tmp_path_factory.mktemp("tables")) / "run.duckdb", read_only=False)
    yield {"one": tables}
    tables.close()
