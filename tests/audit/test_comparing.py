"""Comparisons: what was read once for two unchanged reports is not read again, and little is kept."""

import json

import pytest

from cje_audit.audit import Audit, ImportOptions, comparing
from tests.conftest import synthetic_rows


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Audit, list[str]]:
    folder = tmp_path_factory.mktemp("compared")
    audit = Audit.open(folder / "workspace")
    made = []
    for sd in (0.1, 0.2, 0.3):
        data = folder / f"{sd}.jsonl"
        data.write_text("".join(json.dumps(row) + "\n" for row in synthetic_rows(60, sd=sd)), encoding="utf-8")
        made.append(audit.import_files([data], ImportOptions()))
        assert audit.wait(made[-1], timeout_s=120).status == "complete"
    return audit, made


def test_the_second_look_reads_nothing(runs: tuple[Audit, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    audit, (a, b, c) = runs
    found, other = audit.compare(a, b), audit.compare(a, c)
    monkeypatch.setattr(comparing, "_side", None)  # whoever reads rows again fails
    assert audit.compare(a, b) == found != other == audit.compare(a, c)
    assert (found.a.id, found.b.id) == (a, b)


def test_another_order_or_another_report_is_read_anew(
    runs: tuple[Audit, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    audit, (a, b, _) = runs
    found = audit.compare(a, b)
    assert audit.compare(b, a).a.id == b
    hashed = type(audit.report(a)).report_hash
    monkeypatch.setattr(type(audit.report(a)), "report_hash", lambda report: f"changed {hashed(report)}")
    monkeypatch.setattr(comparing, "_side", None)
    with pytest.raises(TypeError):
        audit.compare(a, b)
    monkeypatch.undo()
    assert audit.compare(a, b) == found


def test_only_the_last_are_kept(runs: tuple[Audit, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    audit, (a, b, c) = runs
    monkeypatch.setattr(comparing, "_made", {})
    monkeypatch.setattr(comparing, "KEPT", 2)
    for pair in ((a, b), (a, c), (b, c), (c, a)):
        audit.compare(*pair)
        assert len(comparing._made) <= 2
