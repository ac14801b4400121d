"""What people decide: written down once, never changed, and void when the ground moves."""

import csv
import io
import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from cje_audit.audit import Audit, ImportOptions
from cje_audit.audit.overriding import failing
from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.domain.errors import AuditError, InputError, NotFound
from cje_audit.domain.report import Report, RunHeader, StageReport, Summary
from cje_audit.report.html import verify_html
from cje_audit.store.files import RunFiles
from tests.cli.helpers import cje
from tests.pages.conftest import rows_of_every_kind


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one finished run."""
    folder = tmp_path_factory.mktemp("people")
    data = folder / "rows.jsonl"
    data.write_text("".join(json.dumps(r) + "\n" for r in rows_of_every_kind()), encoding="utf-8")
    audit = Audit.open(folder / "workspace")
    run = audit.import_files([data], ImportOptions(), name="one")
    assert audit.wait(run, timeout_s=300).status == "complete"
    audit.close()
    return folder / "workspace"


@pytest.fixture
def opened(finished: Path, tmp_path: Path) -> Iterator[Audit]:
    """A copy of it in which nobody has decided anything yet."""
    audit = Audit.open(shutil.copytree(finished, tmp_path / "workspace"))
    yield audit
    audit.close()


@pytest.fixture
def run(opened: Audit) -> str:
    return opened.runs()[0].id


def files_of(audit: Audit, run: str) -> dict[str, bytes]:
    folder = RunFiles(audit.workspace / "runs" / run).folder
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_sign_off_is_carried_by_the_report_and_void_after_a_reveal(opened: Audit, run: str) -> None:
    before, hash_before = files_of(opened, run), opened.report(run).report_hash()
    assert opened.report(run).sign_off.state == "none"
    entry = opened.sign(run, "approve", by=" Ada ", note="read in full")
    signed = opened.report(run)
    assert (entry.by, entry.decision, entry.report_hash) == ("Ada", "approve", hash_before)
    assert (signed.sign_off.state, signed.sign_off.by, signed.sign_off.note) == ("approved", "Ada", "read in full")
    assert signed.sign_off.report_hash == signed.report_hash() == hash_before
    opened.reveal(run, "far", reason="asked by the board", by="Bob")
    assert opened.report(run).sign_off.state == "void"
    opened.sign(run, "reject", by="Eve")
    assert opened.report(run).sign_off.state == "rejected"
    assert files_of(opened, run) == before
    assert opened.verify(run) == ()


def test_a_revealed_policy_stays_refused_and_says_by_whom_and_why(opened: Audit, run: str) -> None:
    assert opened.revealed(run) == {}
    assert "far" not in opened.estimates_csv(run)
    opened.reveal(run, "far", reason="asked by the board", by="Bob")
    opened.reveal(run, "far", reason="asked again", by="Eve")
    shown = opened.revealed(run)["far"]
    assert (shown.by, shown.reason) == ("Bob", "asked by the board")
    found = opened.report(run).policy("far")
    assert found is not None
    assert found.verdict == "refuse"
    mark = shown.sentence
    assert mark.endswith(" UTC, because: asked by the board")
    assert f">{mark}<" in opened.html(run)
    assert "far (refused, revealed)" in opened.html(run)
    assert mark not in opened.html(run, redact=True)
    assert not verify_html(opened.html(run))
    lines = list(csv.DictReader(io.StringIO(opened.estimates_csv(run))))
    far = [line for line in lines if line["policy"] == "far"]
    assert {(x["verdict"], x["revealed_by"], x["primary"]) for x in far} == {("refuse", "Bob", "False")}
    assert all(x["n_used"] and x["n_total"] and x["interval_low"] for x in lines if x["value"])


def test_a_note_stands_on_what_exists(opened: Audit, run: str) -> None:
    for on in ("run", "policy:far", "check:estimation.ess", "row:p00000"):
        assert opened.note(run, "look here", on=on, by="Ada").subject == on
    for on in ("policy:nobody", "check:none.such", "row:nobody"):
        with pytest.raises(NotFound):
            opened.note(run, "look here", on=on, by="Ada")
    for on in ("", "row:", "somewhere", "policy"):
        with pytest.raises(AuditError, match=r"cannot stand on|no row"):
            opened.note(run, "look here", on=on, by="Ada")
    assert [d.subject for d in opened.decisions(run)] == ["row:p00000", "check:estimation.ess", "policy:far", "run"]
    assert opened.trail(limit=1).rows[0] == opened.decisions(run)[0]


def test_what_has_no_name_or_no_reason_is_refused_in_one_sentence(opened: Audit, run: str) -> None:
    before = opened.trail(limit=1).total
    for name, reason in (
        ("", "why"),
        ("  ", "why"),
        ("Ada", ""),
        ("Ada", " \n"),
        ("x" * 121, "why"),
        ("a\x1b[2J", "why"),
    ):
        with pytest.raises(InputError) as raised:
            opened.reveal(run, "far", reason=reason, by=name)
        assert raised.value.sentence.endswith(".")
        assert "\n" not in raised.value.sentence
    with pytest.raises(InputError, match="needs a name"):
        opened.sign(run, "approve", by="")
    with pytest.raises(InputError, match="needs a text"):
        opened.note(run, " ", by="Ada")
    assert opened.trail(limit=1).total == before


def test_only_a_refused_policy_can_be_revealed(opened: Audit, run: str) -> None:
    with pytest.raises(InputError, match="shown already"):
        opened.reveal(run, "near", reason="why", by="Ada")
    with pytest.raises(NotFound, match="no policy"):
        opened.reveal(run, "nobody", reason="why", by="Ada")


def test_only_the_report_that_was_read_is_signed(opened: Audit, run: str) -> None:
    with pytest.raises(InputError, match="changed after"):
        opened.sign(run, "approve", by="Ada", seen="0" * 64)
    with pytest.raises(InputError, match="cannot be signed"):
        opened.sign(run, "maybe", by="Ada")


def test_a_run_without_a_report_takes_notes_only(opened: Audit, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("not a row\n", encoding="utf-8")
    run = opened.import_files([empty], ImportOptions())
    opened.wait(run, timeout_s=300)
    with pytest.raises(NotFound, match="no report yet"):
        opened.sign(run, "approve", by="Ada")
    assert opened.note(run, "the file was wrong", by="Ada").kind == "note"


def test_the_trail_cannot_be_changed(opened: Audit, run: str) -> None:
    opened.note(run, "first", by="Ada")
    with sqlite3.connect(opened.workspace / "workspace.sqlite") as db:
        for change in ("update decision set by = 'x'", "delete from decision"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                db.execute(change)
    db.close()


def test_the_commands_print_the_new_entry(opened: Audit, run: str) -> None:
    noted = cje(opened.workspace, "note", run, "via the terminal", "--on", "policy:far", "--by", "Ada", "--json")
    assert (noted.code, noted.document["reason"], noted.document["subject"]) == (0, "via the terminal", "policy:far")
    overridden = cje(opened.workspace, "override", run, "estimation.ess", "--reason", "asked", "--by", "Ada", "--json")
    assert (overridden.code, overridden.document["kind"], overridden.document["subject"]) == (
        0,
        "override",
        "estimation.ess:far",
    )
    shown = cje(opened.workspace, "reveal", run, "far", "--reason", "asked", "--by", "Ada", "--json")
    assert (shown.code, shown.document["kind"]) == (0, "reveal")
    signed = cje(opened.workspace, "sign", run, "--decision", "approve", "--by", "Ada", "--json")
    assert (signed.code, signed.document["decision"]) == (0, "approve")
    assert cje(opened.workspace, "report", run, "--json").document["sign_off"]["state"] == "approved"


def test_a_wrong_decision_is_one_sentence_and_code_two(opened: Audit, run: str) -> None:
    wrong = cje(opened.workspace, "sign", run, "--decision", "maybe", "--by", "Ada", "--json")
    assert wrong.code == 2
    assert wrong.document["error"]["expected"] == "approve or reject"
    nameless = cje(opened.workspace, "reveal", run, "far", "--reason", "asked", "--by", "", "--json")
    assert (nameless.code, nameless.document["error"]["sentence"]) == (
        2,
        "A decision needs a name, and none was given.",
    )


def test_an_override_decides_again_says_so_everywhere_and_voids_the_sign_off(opened: Audit, run: str) -> None:
    first = opened.report(run)
    opened.sign(run, "approve", by="Ada")
    failing = [c for c in first.checks() if c.status == "fail" and c.policy == "far"]
    entries = [opened.override(run, c.id, policy="far", reason="a known lack", by="Bob") for c in failing]
    assert [e.subject for e in entries] == [f"{c.id}:far" for c in failing]
    report = opened.report(run)
    found = report.policy("far")
    assert found is not None
    assert found.verdict in ("report", "rank_only")
    assert report.sign_off.state == "void"
    assert report.report_hash() != first.report_hash()
    sentences = [o.sentence for o in found.overrides]
    assert len(sentences) == len(failing)
    assert sentences[0].startswith(f"The failing check {failing[0].id} of far was overridden by Bob on ")
    assert sentences[0].endswith(" because: a known lack")
    assert all(c.status == "fail" for c in report.checks() if c.override)
    printed = cje(opened.workspace, "report", run).out
    assert all(s in opened.html(run) and s in printed for s in sentences)
    assert "a known lack" not in opened.html(run, redact=True)
    assert "overridden by Bob" in opened.html(run, redact=True)
    assert opened.runs()[0].verdicts["far"] == found.verdict
    assert opened.verify(run) == ()
    others = [(p.name, p.verdict) for p in first.policies if p.name != "far"]
    assert [(p.name, p.verdict) for p in report.policies if p.name != "far"] == others


def test_an_override_is_made_again_from_the_trail_and_leaves_the_stages_report_alone(opened: Audit, run: str) -> None:
    before = files_of(opened, run)
    opened.override(run, "target_policy.uniform_weights", reason="known", by="Bob")
    kept = RunFiles(opened.workspace / "runs" / run).overridden
    hash_then = opened.report(run).report_hash()
    after = files_of(opened, run)
    assert {k: v for k, v in after.items() if k != str(kept)} == before
    kept.write_text("{", encoding="utf-8")
    assert opened.report(run).report_hash() == hash_then


def test_what_cannot_be_overridden_is_told(opened: Audit, run: str) -> None:
    with pytest.raises(InputError, match="does not fail"):
        opened.override(run, "dataset.duplicate_ids", reason="why", by="Ada")
    with pytest.raises(NotFound, match="no check"):
        opened.override(run, "none.such", reason="why", by="Ada")
    with pytest.raises(InputError, match="needs a reason"):
        opened.override(run, "estimation.ess", policy="far", reason=" ", by="Ada")
    opened.override(run, "target_policy.uniform_weights", reason="why", by="Ada")
    with pytest.raises(InputError, match="overridden already"):
        opened.override(run, "target_policy.uniform_weights", reason="why", by="Ada")


def test_a_check_that_fails_for_several_policies_needs_one_named() -> None:
    checks = tuple(Check(id="estimation.ess", policy=p, status=CheckStatus.FAIL, sentence="s.") for p in ("a", "b"))
    header = RunHeader(
        id="r", name="n", status="complete", created_at="2026-01-01T00:00:00Z", config_hash="c", data_hash=None,
        engine_version="0", git_commit=None,
    )  # fmt: skip
    stage = StageReport(
        name="estimation", status=CheckStatus.FAIL, n_in=1, n_ok=1, n_failed=0, seconds=0.0, checks=checks
    )
    report = Report(run=header, summary=Summary(sentence="s.", best_policy=None), stages=(stage,))
    with pytest.raises(InputError, match="several policies") as raised:
        failing(report, "estimation.ess", None)
    assert raised.value.expected == "a, b"
    assert failing(report, "estimation.ess", "b") == checks[1]


def test_a_blocking_check_cannot_be_overridden(opened: Audit, tmp_path: Path) -> None:
    rows = [{k: v for k, v in r.items() if k != "base_policy_logprob"} for r in rows_of_every_kind(40)]
    data = tmp_path / "blocked.jsonl"
    data.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    run = opened.import_files([data], ImportOptions())
    opened.wait(run, timeout_s=300)
    with pytest.raises(InputError, match="would not make a number"):
        opened.override(run, "logging_policy.computed", reason="why", by="Ada")
