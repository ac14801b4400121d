"""The list of runs, and the guided first visit through the demo."""

import json
from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from app import words
from app.places import PLACES
from cje_audit.audit import Audit, ImportOptions
from tests.conftest import synthetic_rows
from tests.pages.conftest import texts

Visit = Callable[..., AppTest]


def test_the_tour_names_what_is_there_and_leads_to_it(visit: Visit, tmp_path: Path) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps(r) + "\n" for r in synthetic_rows(40)), encoding="utf-8")
    audit = Audit.open(tmp_path / "workspace")
    assert audit.demo_runs() == {}
    run = audit.import_files([data], ImportOptions(), name="Demo: broken judge")
    audit.wait(run, timeout_s=300)
    assert audit.demo_runs() == {"broken_judge": run}
    audit.close()
    at = visit(tmp_path / "workspace", "runs")
    looks = [stop.look for stop in words.TOUR if stop.look in texts(at)]
    assert looks == [stop.look for stop in words.TOUR if stop.run == "broken_judge"]


def test_every_stop_of_the_tour_has_a_page_and_one_line() -> None:
    for stop in words.TOUR:
        assert stop.place in PLACES
        assert stop.look.endswith(".")
        assert "\n" not in stop.look


def names(at: AppTest) -> list[str]:
    """The names of the runs that are listed."""
    return [t for t in texts(at) if t in ("first", "second")]


def test_filters_are_in_the_address_and_the_trash_gives_everything_back(visit: Visit, tmp_path: Path) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps(r) + "\n" for r in synthetic_rows(40)), encoding="utf-8")
    audit = Audit.open(tmp_path / "workspace")
    first = audit.import_files([data], ImportOptions(), name="first")
    second = audit.import_files([data], ImportOptions(), name="second")
    for run in (first, second):
        audit.wait(run, timeout_s=300)
    before = audit.report(second).report_hash()
    assert names(visit(tmp_path / "workspace", "runs")) == ["second", "first"]
    assert names(visit(tmp_path / "workspace", "runs", find="fir")) == ["first"]
    assert names(visit(tmp_path / "workspace", "runs", state="Failed")) == []
    at = visit(tmp_path / "workspace", "runs", state="Complete")
    assert names(at) == ["second", "first"]
    at.button(f"trash-{second}").click().run()
    assert "second is in the trash." in texts(at)
    assert [r.id for r in audit.runs()] == [first]
    assert audit.run("latest").id == first
    assert [r.id for r in audit.runs(trashed=True)] == [second]
    next(b for b in at.button if b.label == "Undo").click().run()
    assert names(at) == ["second", "first"]
    assert audit.report(second).report_hash() == before
    audit.close()
