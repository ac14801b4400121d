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
