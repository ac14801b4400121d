"""The run an address names is the run its page shows, whatever runs are called."""

import json
from pathlib import Path
from typing import Any

import pytest

from cje_audit.audit import ImportOptions
from tests.browser.conftest import Served
from tests.browser.tab import run_in, settled
from tests.conftest import synthetic_rows

pytestmark = pytest.mark.browser


def test_runs_of_one_name_and_minute_are_told_apart(page: Any, served: Served, tmp_path: Path) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in synthetic_rows(60)), encoding="utf-8")
    runs = [served.audit.import_files([data], ImportOptions(), name="twice") for _ in range(3)]
    for run in runs:
        served.audit.wait(run, timeout_s=120)
    for run in [*runs, *reversed(runs)]:
        page.goto(f"{served.url}/live?run={run}")
        settled(page, "Live")
        page.get_by_test_id("stMain").get_by_role("link", name="Results").first.click()
        settled(page, "Results")
        assert run_in(page.url) == run
