"""The key that was used is nowhere: no file, table, stored request or reply, log, report, HTML file or bundle has it."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
import zstandard

from cje_audit.audit import Audit
from cje_audit.store.sqlite import connect
from cje_audit.store.tables import TABLES, RunTables
from tests.cli.helpers import cje
from tests.faults.running import FaultServer, fault_server

KEY = "sk-canary-5d0e77aa41"
ENV = "CJE_AUDIT_TEST_KEY"


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with fault_server("--seed", "5") as running:
        yield running


def experiment(folder: Path, url: str) -> str:
    """Return an experiment whose every question needs a key: responses are written, scored and judged."""
    data = folder / "prompts.jsonl"
    data.write_text("".join(json.dumps({"prompt_id": f"q{i}", "prompt": f"Question {i}?"}) + "\n" for i in range(24)))
    asked = {"provider": "openai_compatible", "base_url": url, "model": "m", "api_key_env": ENV}
    base = {**asked, "name": "base", "system_prompt": "Be brief."}
    spec = {
        "name": "keys", "data": {"path": str(data)}, "logging_policy": base,
        "target_policies": [{**base, "name": "long", "system_prompt": "Be long."}],
        "judge": {**asked, "kind": "score"}, "execution": {"concurrency": 4, "max_attempts": 3, "timeout_s": 1},
    }  # fmt: skip
    return json.dumps(spec)


def of_database(path: Path) -> Iterator[bytes]:
    """Give every cell of a SQLite file; stored requests and replies unpacked, which no search of the file would see."""
    db = connect(path, "")
    for (table,) in db.execute("select name from sqlite_master where type = 'table'").fetchall():
        for row in db.execute(f"select * from {table}").fetchall():
            for cell in tuple(row):
                packed = isinstance(cell, bytes) and cell[:4] == b"\x28\xb5\x2f\xfd"
                yield zstandard.decompress(cell) if packed else cell if isinstance(cell, bytes) else str(cell).encode()
    db.close()


def of_frame(frame: pl.DataFrame) -> bytes:
    return json.dumps(frame.to_dicts(), default=str).encode()


def of_tables(path: Path) -> Iterator[bytes]:
    tables = RunTables(path, read_only=True)
    try:
        yield from (of_frame(tables.table(name)) for name in TABLES)
    finally:
        tables.close()


def of_bundle(path: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            yield of_frame(pl.read_parquet(io.BytesIO(content))) if name.endswith(".parquet") else content


READERS = {".sqlite": of_database, ".duckdb": of_tables, ".zip": of_bundle}


def found(root: Path, key: bytes) -> list[str]:
    """Return where a key is below a folder: in the bytes of a file, or in what a packed file holds."""
    files = [path for path in root.rglob("*") if path.is_file()]
    plain = {str(path.relative_to(root)) for path in files if key in path.read_bytes()}
    frames = [p for p in files if p.suffix == ".parquet"]
    packed = {str(p.relative_to(root)) for p in frames if key in of_frame(pl.read_parquet(p))}
    for path in files:
        reader = READERS.get(path.suffix)
        if reader is not None and any(key in part for part in reader(path)):
            packed.add(str(path.relative_to(root)))
    return sorted(plain | packed)


def said(audit: Audit, run: str) -> Iterator[str]:
    """Give everything that the doors say about a run: API, command line (plain and JSON), HTML, both kinds."""
    yield audit.json(run)
    yield audit.html(run)
    yield audit.html(run, redact=True)
    yield str(audit.live(run)) + str(audit.monitor(run)) + str(audit.failure_rates(run)) + str(audit.row(run, "q1"))
    yield str(audit.attempts(run, "q1"))
    for command in (("report", run), ("report", run, "--json"), ("runs", "--json"), ("retry", run, "--dry-run")):
        done = cje(audit.workspace, *command)
        yield done.out + done.err


def test_the_key_that_was_used_is_nowhere(
    tmp_path: Path, audit: Audit, server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENV, KEY)
    server.configure(key=KEY, mix={"500": 0.1, "cut_json": 0.1, "reset": 0.05, "302": 0.0})
    text = experiment(tmp_path, server.url)
    run = audit.launch(text)
    assert audit.wait(run, timeout_s=240).status == "complete"
    server.configure(key="another")  # every reply from now on is a 401 that repeats the key it was given
    refused = audit.launch(text.replace("Be brief.", "Be quick."))
    audit.wait(refused, timeout_s=120)
    assert audit.live(refused).failures.get("auth")
    (audit.workspace / "report.html").write_text(audit.html(run), encoding="utf-8")
    audit.export(run, audit.workspace / "run.zip")
    assert found(audit.workspace, KEY.encode()) == []
    assert [told for told in said(audit, run) if KEY in told] == []
    assert ENV in (audit.workspace / "runs" / run / "config.yaml").read_text()


def test_the_search_finds_a_key_wherever_it_is_planted(tmp_path: Path, audit: Audit) -> None:
    run = audit.demo()
    audit.wait(run, timeout_s=240)
    assert found(audit.workspace, KEY.encode()) == []
    db = connect(audit.workspace / "answers.sqlite", "")
    db.execute("create table planted(reply blob)")
    db.execute("insert into planted values (?)", (zstandard.compress(f"Bearer {KEY} {KEY}".encode() * 9),))
    db.close()
    pl.DataFrame({"a": [f"{KEY}"] * 50}).write_parquet(audit.workspace / "planted.parquet", compression="zstd")
    (audit.workspace / "worker.log").write_text(f"header {KEY}")
    with zipfile.ZipFile(audit.workspace / "planted.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.json", json.dumps({"key": [KEY] * 20}))
    places = [name for name in found(audit.workspace, KEY.encode()) if not name.endswith("-wal")]
    assert places == ["answers.sqlite", "planted.parquet", "planted.zip", "worker.log"]
