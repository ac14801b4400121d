"""A run goes out as one file and comes in as the same numbers; a stranger's file is believed in nothing."""

import hashlib
import json
import shutil
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cje_audit.audit import Audit
from cje_audit.domain.errors import AuditError, InputError
from cje_audit.domain.roles import SINGLE_USER
from tests.audit.test_people import finished as finished  # the fixture
from tests.cli.helpers import cje


@pytest.fixture
def opened(finished: Path, tmp_path: Path) -> Iterator[Audit]:
    audit = Audit.open(shutil.copytree(finished, tmp_path / "workspace"))
    yield audit
    audit.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Audit]:
    audit = Audit.open(tmp_path / "other")
    yield audit
    audit.close()


@pytest.fixture
def bundle(opened: Audit, tmp_path: Path) -> Path:
    run = opened.runs()[0].id
    opened.note(run, "look here", by="Ada")
    opened.sign(run, "approve", by="Ada")
    opened.override(run, "target_policy.uniform_weights", reason="known", by="Bob")
    opened.export(run, tmp_path / "run.zip")
    return tmp_path / "run.zip"


def rewritten(source: Path, out: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """Write the bundle again with changed members and, unless taken away, a list of hashes that fits them."""
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    hashes = {n: hashlib.sha256(d).hexdigest() for n, d in members.items() if n != "bundle.json"}
    members["bundle.json"] = json.dumps({"schema": "cje-audit/bundle/1", "sha256": hashes}).encode()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out


def test_the_same_run_gives_the_same_bytes_and_no_database(opened: Audit, bundle: Path, tmp_path: Path) -> None:
    run = opened.runs()[0].id
    again = opened.export(run, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == bundle.read_bytes() == opened.bundle(run)
    assert again == hashlib.sha256(bundle.read_bytes()).hexdigest()
    with zipfile.ZipFile(bundle) as archive:
        assert {Path(name).suffix for name in archive.namelist()} == {".json", ".parquet"}
        assert not [n for n in archive.namelist() if str(opened.workspace).encode() in archive.read(n)]


def test_it_comes_in_as_the_same_report_and_decides_nothing_there(opened: Audit, other: Audit, bundle: Path) -> None:
    run = opened.runs()[0].id
    assert other.import_bundle(bundle) == run
    first = opened._standing.first(opened._runs.get(run))
    report = other.report(run)
    assert report.report_hash() == first.report_hash()
    assert report.sign_off.state == "none"
    assert [p.verdict for p in report.policies] == [p.verdict for p in first.policies]
    assert other.verify(run) == ()
    assert other.run(run).owner == SINGLE_USER
    here, there = other.decisions(run), opened.decisions(run)
    assert [(d.kind, d.by, d.at, d.reason) for d in here] == [(d.kind, d.by, d.at, d.reason) for d in there]
    assert {d.imported for d in here} == {"yes"}
    assert other.row(run, "p00000").prompt == opened.row(run, "p00000").prompt
    assert other.import_bundle(bundle) == run
    assert len(other.decisions(run)) == len(here)


def test_verify_finds_what_was_changed(opened: Audit, bundle: Path, tmp_path: Path) -> None:
    assert opened.verify(str(bundle)) == ()
    damaged = bytearray(bundle.read_bytes())
    place = damaged.find(b'"schema": "cje-audit/report/1"')
    damaged[place + 2] ^= 1
    (tmp_path / "damaged.zip").write_bytes(damaged)
    with pytest.raises(InputError, match="damaged"):
        opened.verify(str(tmp_path / "damaged.zip"))

    def change(members: dict[str, bytes]) -> None:
        report = json.loads(members["report.json"])
        report["policies"][1]["n_used"] += 1
        members["report.json"] = json.dumps(report).encode()

    forged = rewritten(bundle, tmp_path / "forged.zip", change)
    assert any("n_used" in d for d in opened.verify(str(forged)))


def drop(name: str) -> Callable[[dict[str, bytes]], None]:
    return lambda members: members.pop(name) and None


def put(name: str, data: bytes) -> Callable[[dict[str, bytes]], None]:
    return lambda members: members.update({name: data})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (put("../x.json", b"{}"), "does not belong"), (put("/etc/x.json", b"{}"), "does not belong"), (put("run.duckdb", b"x"), "does not belong"),
        (put("inner.zip", b"PK"), "does not belong"), (drop("tables/sample.parquet"), "missing"), (put("tables/sample.parquet", b"PAR1"), "damaged"),
        (put("report.json", b"{}"), "does not describe"), (put("run.json", b'{"id": "../../x"}'), "does not describe"), (put("run.json", b"["), "no readable"),
        (put("decisions.json", b'[{"kind": "sign"}]'), "audit trail"), (put("config.json", b'{"yaml": "!!python/object:os.system x"}'), "not YAML"),
    ],
)  # fmt: skip
def test_a_bundle_that_is_not_ours_is_refused_in_one_sentence(
    other: Audit, bundle: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], None], said: str
) -> None:
    strange = rewritten(bundle, tmp_path / "strange.zip", change)
    with pytest.raises(AuditError, match=said) as raised:
        other.import_bundle(strange)
    assert "\n" not in raised.value.sentence
    assert other.runs() == ()
    assert not list((other.workspace / "runs").glob("*"))


def test_bombs_links_and_nonsense_are_refused(other: Audit, bundle: Path, tmp_path: Path) -> None:
    bomb, link, many, text, other_zip = (tmp_path / f"{n}.zip" for n in ("bomb", "link", "many", "text", "rows"))
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.json", b"0" * 20_000_000)
    with zipfile.ZipFile(link, "w") as archive:
        entry = zipfile.ZipInfo("report.json")
        entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    with zipfile.ZipFile(many, "w") as archive:
        archive.writestr("report.json", b"")
        for i in range(1001):
            archive.writestr(f"{i}.json", b"")
    with zipfile.ZipFile(other_zip, "w") as archive:
        archive.writestr("rows.jsonl", b"{}")
    text.write_text("no zip", encoding="utf-8")
    for path, said in (
        (bomb, "unpacks to more"),
        (link, "does not belong"),
        (many, "too many"),
        (text, "not a bundle"),
        (other_zip, "rows.zip is a ZIP archive, but not a bundle of CJE Audit"),
    ):
        with pytest.raises(InputError, match=said):
            other.import_bundle(path)
    assert other.runs() == ()


def test_a_header_that_lies_about_its_size_is_not_believed(other: Audit, tmp_path: Path) -> None:
    path = tmp_path / "lies.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.json", b"0" * 20_000_000)
    data = path.read_bytes()
    path.write_bytes(data.replace((20_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    with pytest.raises(InputError):
        other.import_bundle(path)


def test_the_commands(opened: Audit, other: Audit, bundle: Path, tmp_path: Path) -> None:
    run = opened.runs()[0].id
    out = tmp_path / "cli.zip"
    told = cje(opened.workspace, "export", run, "--out", out, "--json").document
    assert told == {"sha256": hashlib.sha256(out.read_bytes()).hexdigest()}
    came = cje(other.workspace, "import", out, "--json", "--exit-zero")
    assert (came.code, came.document) == (0, {"run": run, "status": "complete"})
