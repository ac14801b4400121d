"""A viewer's browser: every button that is not theirs is greyed out, and the page says why."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from app.places import PLACES
from cje_audit.audit import ImportOptions
from tests.browser.conftest import Served
from tests.browser.tab import log_in, settled
from tests.pages.conftest import rows_of_every_kind

pytestmark = pytest.mark.browser
SECRET = "a long enough password"
THEIRS_NOT = {
    "runs": ("Open the demo", "Trash"),
    "import": ("Import",),
    "new_run": ("Launch",),
    "results": ("Sign this report", "Reveal the number", "Add a note", "Share this report"),
    "validation": ("Override this check",),
    "findings": ("Add a finding", "Ask a review model", "Decide"),
}
NEED = {"runs": "runner", "import": "runner", "new_run": "runner"}


@pytest.fixture(scope="module")
def run(served: Served, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A run with a refused policy and failing checks, in a workspace that has accounts since."""
    rows = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    rows.write_text("".join(json.dumps(r) + "\n" for r in rows_of_every_kind()), encoding="utf-8")
    made = served.audit.import_files([rows], ImportOptions(), name="for a viewer")
    assert served.audit.wait(made, timeout_s=300).status == "complete"
    served.audit.add_user("ada", "admin", SECRET)
    served.audit.login("ada", SECRET).add_user("vera", "viewer", SECRET)
    return made


def test_a_stranger_sees_the_way_to_log_in_and_nothing_else(page: Any, served: Served, run: str, shots: Path) -> None:
    for place in PLACES.values():
        page.goto(f"{served.url}/{place.url_path}?run={run}")
        expect(page.get_by_text("Log in to see this workspace")).to_be_visible(timeout=60_000)
        assert page.get_by_text("for a viewer").count() == 0
    page.screenshot(path=shots / "stranger.png")


def test_a_viewer_reads_why_a_button_is_not_theirs(page: Any, served: Served, run: str, shots: Path) -> None:
    log_in(page, served.url, "vera", SECRET)
    expect(page.get_by_text("vera · viewer")).to_be_visible()
    for name, labels in THEIRS_NOT.items():
        page.goto(f"{served.url}/{PLACES[name].url_path}?run={run}")
        settled(page, PLACES[name].title)
        needed = NEED.get(name, "approver")
        why = f"vera is a viewer, and this needs {'an' if needed == 'approver' else 'a'} {needed}."
        expect(page.get_by_text(why).first).to_be_visible()
        for label in labels:
            button = page.get_by_test_id("stMain").get_by_role("button", name=label, exact=False).first
            expect(button).to_be_disabled()
        page.screenshot(path=shots / f"viewer-{name}.png", full_page=True)


def test_a_link_into_the_dashboard_is_kept_through_the_login(page: Any, served: Served, run: str) -> None:
    page.goto(f"{served.url}/weights?run={run}&policy=far")
    page.get_by_role("link", name="Log in with name and password").click()
    page.get_by_label("Name").fill("vera")
    page.get_by_label("Password").fill(SECRET)
    page.get_by_role("button", name="Log in").click()
    settled(page, "Weights")
    assert "policy=far" in page.url and run in page.url


def test_an_admin_may_press_all_of_them(page: Any, served: Served, run: str) -> None:
    log_in(page, served.url, "ada", SECRET)
    for name in ("results", "findings"):
        page.goto(f"{served.url}/{PLACES[name].url_path}?run={run}")
        settled(page, PLACES[name].title)
        for label in THEIRS_NOT[name]:
            expect(page.get_by_test_id("stMain").get_by_role("button", name=label).first).to_be_enabled()
        expect(page.get_by_text("and this needs")).to_have_count(0)
