"""The register: opened by checks, people and review models; decided by name; the same on every re-run."""

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cje_audit.audit import Audit, ImportOptions
from cje_audit.audit.reviewing import ReviewFailed, parse, question
from cje_audit.domain.errors import InputError, NotFound
from cje_audit.domain.register import Proposal
from tests.cli.helpers import cje
from tests.pages.conftest import HOSTILE, rows_of_every_kind

Writer = Callable[..., Path]


def imported(audit: Audit, path: Path, name: str = "rows") -> str:
    run = audit.import_files([path], ImportOptions(), name=name)
    assert audit.wait(run, timeout_s=120).status == "complete"
    return run


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A workspace with one run in it, made once; every test decides in a copy of it."""
    folder = tmp_path_factory.mktemp("finished")
    data = folder / "rows.jsonl"
    data.write_text("".join(json.dumps(r) + "\n" for r in rows_of_every_kind(120)), encoding="utf-8")
    opened = Audit.open(folder / "workspace")
    made = imported(opened, data)
    opened.close()
    return folder / "workspace", made


@pytest.fixture
def audit(finished: tuple[Path, str], tmp_path: Path) -> Iterator[Audit]:
    shutil.copytree(finished[0], tmp_path / "workspace")
    opened = Audit.open(tmp_path / "workspace")
    yield opened
    opened.close()


@pytest.fixture
def run(finished: tuple[Path, str]) -> str:
    return finished[1]


def proposal(title: str = "Prompts of two months", **changed: Any) -> Proposal:
    return Proposal.model_validate({"title": title, "severity": "low", "evidence": "See the dates.", **changed})


def test_every_check_that_fails_or_warns_opens_one_finding(audit: Audit, run: str) -> None:
    register = audit.findings(run)
    speaking = {
        c.id if c.policy is None else f"{c.id}:{c.policy}"
        for c in audit.report(run).checks()
        if c.status in ("fail", "warn")
    }
    assert {f.id for f in register.findings} == speaking
    assert {f.id for f in audit.report(run).findings} == speaking
    assert register.sentence.startswith(f"{len(speaking)} of {len(speaking)} findings still to be settled: ")
    sentinel = next(f for f in register.findings if f.id == "target_policy.sentinel_values:near")
    assert (sentinel.check, sentinel.policy, sentinel.source, sentinel.status) == (
        "target_policy.sentinel_values",
        "near",
        "check",
        "open",
    )
    assert sentinel.row_ids


def test_a_decision_survives_a_re_run_and_does_not_touch_the_report(audit: Audit, run: str, write_rows: Writer) -> None:
    wanted = audit.findings(run).findings[0]
    audit.sign(run, "approve", by="Ada")
    audit.decide_finding(run, wanted.id, "accepted", reason="known", by="Ada", effort="none")
    assert audit.report(run).sign_off.state == "approved"
    again = imported(audit, write_rows(rows_of_every_kind(120)))
    other = imported(audit, write_rows(rows_of_every_kind(120)), name="another experiment")
    found = next(f for f in audit.findings(again).findings if f.id == wanted.id)
    assert (found.key, found.status, found.decision, found.decided_by, found.effort) == (
        wanted.key,
        "accepted",
        "known",
        "Ada",
        "none",
    )
    elsewhere = next(f for f in audit.findings(other).findings if f.id == wanted.id)
    assert (elsewhere.status, elsewhere.key != wanted.key) == ("open", True)
    assert audit.findings(again).findings[-1].id == wanted.id  # settled ones come last
    assert [d.kind for d in audit.decisions(run)] == ["finding_status", "sign"]


def test_a_person_adds_a_finding_once(audit: Audit, run: str) -> None:
    first = audit.add_finding(run, proposal(about=("near",)), by="Bob")
    assert audit.add_finding(run, proposal("prompts of  two months", about=("near",)), by="Eve") == first
    assert (first.source, first.opened_by, first.policy, first.severity) == ("person", "Bob", "near", "low")
    settled = audit.decide_finding(run, first.key, "done", reason="split by month", by="Ada")
    assert (settled.id, settled.status) == (first.id, "done")


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda a, r: a.add_finding(r, proposal(" "), by="Bob"), InputError),
        (lambda a, r: a.add_finding(r, proposal(), by=" "), InputError),
        (lambda a, r: a.add_finding(r, proposal(about=("no.such",)), by="Bob"), NotFound),
        (lambda a, r: a.add_finding(r, Proposal.model_construct(title="x", severity="huge", evidence="y"), by="Bob"), InputError),
        (lambda a, r: a.decide_finding(r, "none", "done", reason="x", by="Bob"), NotFound),
        (lambda a, r: a.decide_finding(r, "dataset.manifest", "closed", reason="x", by="Bob"), InputError),
        (lambda a, r: a.decide_finding(r, "dataset.manifest", "done", reason=" ", by="Bob"), InputError),
    ],
)  # fmt: skip
def test_what_cannot_be_stored_is_a_sentence(
    audit: Audit, run: str, act: Callable[[Audit, str], object], error: type[Exception]
) -> None:
    with pytest.raises(error, match=r".+[.]"):
        act(audit, run)
    assert audit.decisions(run) == ()


def test_exports_are_safe(audit: Audit, run: str) -> None:
    audit.add_finding(run, proposal(f"=cmd|' /C calc'!A0 {HOSTILE}"), by="@Bob")
    rows = list(csv.reader(io.StringIO(audit.findings_text(run, "csv"))))
    assert len(rows) == len(audit.findings(run).findings) + 1
    assert not [c for row in rows for c in row if c.startswith(("=", "+", "-", "@"))]
    text = audit.findings_text(run, "markdown")
    assert "<script>" not in text
    assert "![x]" not in text
    assert text.count("\n## ") == len(audit.findings(run).findings)


def script(folder: Path, audit: Audit, run: str, reply: str, **more: Any) -> str:
    path = folder / "reviewer.json"
    path.write_text(json.dumps({"answers": {question(audit.report(run)): reply}, **more}))
    return str(path)


def test_a_review_model_adds_what_is_marked_as_its_own(audit: Audit, run: str, tmp_path: Path) -> None:
    reply = json.dumps(
        [
            {
                "title": "Both faults at once",
                "severity": "high",
                "evidence": "See near.",
                "about": ["target_policy.sentinel_values:near"],
            }
        ]
    )
    where = script(tmp_path, audit, run, f"```json\n{reply}\n```")
    for _ in range(2):
        register = audit.review(run, model="table", provider="scripted", base_url=where)
    found = [f for f in register.findings if f.source == "reviewer"]
    assert [(f.title, f.opened_by, f.check, f.policy) for f in found] == [
        ("Both faults at once", "scripted table", "target_policy.sentinel_values", "near")
    ]


def test_the_model_is_shown_no_row(audit: Audit, run: str) -> None:
    assert HOSTILE not in question(audit.report(run))


@pytest.mark.parametrize(
    "reply",
    ["I found nothing wrong.", '{"title": "x"}', '[{"title": "x"}]', '[{"title": "x", "severity": "huge", "evidence": "y"}]'],
)  # fmt: skip
def test_a_reply_that_is_no_list_is_visible_and_unused(audit: Audit, run: str, tmp_path: Path, reply: str) -> None:
    before = audit.findings(run)
    with pytest.raises(ReviewFailed, match="no list of findings"):
        audit.review(run, model="table", provider="scripted", base_url=script(tmp_path, audit, run, reply))
    assert audit.findings(run) == before


def test_a_proposal_about_something_unknown_stores_nothing(audit: Audit, run: str, tmp_path: Path) -> None:
    good = {"title": "a", "severity": "low", "evidence": "b"}
    reply = json.dumps([good, good | {"title": "c", "about": ["made.up"]}])
    with pytest.raises(NotFound, match="made"):
        audit.review(run, model="table", provider="scripted", base_url=script(tmp_path, audit, run, reply))
    assert audit.decisions(run) == ()


def test_a_model_that_cannot_be_reached_is_visible(audit: Audit, run: str) -> None:
    with pytest.raises(ReviewFailed, match="gave no answer"):
        audit.review(run, model="none", base_url="http://127.0.0.1:9/v1")


def test_too_many_are_not_taken() -> None:
    with pytest.raises(ReviewFailed, match="at most 20"):
        parse(json.dumps([{"title": str(i), "severity": "low", "evidence": "x"} for i in range(21)]))


def test_the_commands(audit: Audit, run: str, tmp_path: Path) -> None:
    workspace = audit.workspace
    added = cje(
        workspace, "findings", "add", run, "Old prompts", "--evidence", "All of 2023.", "--by", "Bob", "--json"
    ).document
    assert (added["source"], added["severity"]) == ("person", "medium")
    done = cje(
        workspace, "findings", "set", run, added["id"], "--status", "done", "--reason", "replaced", "--by", "Ada"
    )
    assert (done.code, "done" in done.out) == (0, True)
    listed = cje(
        workspace, "findings", "list", run, "--csv", tmp_path / "f.csv", "--markdown", tmp_path / "f.md", "--json"
    )
    assert [f["status"] for f in listed.document["findings"] if f["id"] == added["id"]] == ["done"]
    assert added["key"] in (tmp_path / "f.csv").read_text()
    assert "Old prompts" in (tmp_path / "f.md").read_text()
    assert cje(workspace, "findings", "set", run, "nope", "--status", "done", "--reason", "x", "--by", "Ada").code == 2
    assert cje(workspace, "findings", "review", run, "--model", "m", "--base-url", "http://127.0.0.1:9/v1").code == 2
