"""Every page in every state: no run, running, partial, refused, failed, complete, huge; and what every page owes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.places import PLACES, RUN
from cje_audit.audit import Audit
from tests.pages.conftest import World, everything, texts
from tests.pages.states import HUGE, States, bare_estimates, make

Visit = Callable[..., AppTest]
ABOUT_A_RUN = [name for name, place in PLACES.items() if place.section == RUN]
WITH_REPORT = [name for name in ABOUT_A_RUN if name not in ("live", "row")]
MOST_CARDS = 200  # elements that lists may draw, however many rows a run has


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> States:
    return make(tmp_path_factory.mktemp("states"))


def clean(at: AppTest, place: str) -> None:
    """A page shows its title, no exception, no error, no traceback, and no estimate without what it rests on."""
    assert not at.exception
    assert not at.error
    assert at.title[0].value == PLACES[place].title
    assert "Traceback" not in everything(at)
    assert bare_estimates(at) == []


@pytest.mark.parametrize("place", PLACES)
def test_an_empty_workspace_says_what_to_do(visit: Visit, tmp_path: Path, place: str) -> None:
    at = visit(tmp_path / "fresh", place)
    clean(at, place)
    if place in ABOUT_A_RUN:
        assert at.subheader[0].value == "There is no run yet"
        assert "Open the demo, import a file, or start a new run." in texts(at)


@pytest.mark.parametrize("place", PLACES)
def test_a_complete_run_is_shown_without_an_error(visit: Visit, world: World, place: str) -> None:
    at = visit(world.workspace, place, run=world.complete)
    clean(at, place)
    assert at.query_params["run"] == world.complete


@pytest.mark.parametrize("place", PLACES)
def test_a_run_of_very_many_rows_is_shown_in_pages(visit: Visit, states: States, place: str) -> None:
    at = visit(states.workspace, place, run=states.huge, row="q77")
    clean(at, place)
    assert len(at.text) < MOST_CARDS
    assert all(len(frame.value) < MOST_CARDS for frame in at.dataframe)
    if place in ("failures", "rows"):
        page = next(n for n in at.number_input if n.key == "page")
        assert page.max > 10
        first = texts(at)
        page.set_value(2).run()
        assert not at.exception
        assert texts(at) != first
    if place == "rows":
        assert f"{HUGE:,} of {HUGE:,} rows fit" in everything(at).replace("\\", "")


@pytest.mark.parametrize("place", PLACES)
def test_a_run_whose_policies_are_all_refused_shows_no_number_of_theirs(
    visit: Visit, states: States, place: str
) -> None:
    at = visit(states.workspace, place, run=states.refused, row="p00003")
    clean(at, place)
    for table in (frame.value for frame in at.dataframe):
        if "Estimate" in table:
            assert "far" not in set(table["Policy"])


def test_a_revealed_number_keeps_its_rows_and_its_interval(visit: Visit, states: States) -> None:
    audit = Audit.open(states.workspace)
    audit.reveal(states.refused, "far", reason="to look at it", by="Ada")
    audit.close()
    at = visit(states.workspace, "results", run=states.refused)
    clean(at, "results")
    tables = [
        frame.value for frame in at.dataframe if "Estimate" in frame.value and "far" in set(frame.value["Policy"])
    ]
    assert tables


@pytest.mark.parametrize("state", ["running", "partial"])
@pytest.mark.parametrize("place", WITH_REPORT)
def test_a_run_that_has_not_ended_shows_no_result(
    visit: Visit, world: World, states: States, place: str, state: str
) -> None:
    workspace, run = (world.workspace, world.running) if state == "running" else (states.workspace, states.partial)
    at = visit(workspace, place, run=run)
    clean(at, place)
    assert at.subheader[0].value == ("This run has not ended yet" if state == "running" else "This run has no report")
    assert not at.metric
    assert not at.dataframe
    assert "live" in {link.proto.page.split("/")[-1].removesuffix(".py") for link in at.get("page_link")}


@pytest.mark.parametrize("place", [name for name in PLACES if name not in WITH_REPORT and name != "row"])
@pytest.mark.parametrize("state", ["running", "partial"])
def test_the_other_pages_stand_beside_a_run_that_has_not_ended(
    visit: Visit, world: World, states: States, place: str, state: str
) -> None:
    workspace, run = (world.workspace, world.running) if state == "running" else (states.workspace, states.partial)
    clean(visit(workspace, place, run=run), place)


@pytest.mark.parametrize("state", ["running", "failed"])
def test_a_row_of_a_run_without_tables_is_a_sentence(visit: Visit, world: World, state: str) -> None:
    at = visit(world.workspace, "row", run=world.running if state == "running" else world.failed, row="p00000")
    assert not at.exception
    assert "Traceback" not in everything(at)
    assert [e.value.replace("\\", "") for e in at.error] in (
        ["This run has not finished yet; nothing is estimated before the end."],
        ["This run has no row with the id 'p00000'."],
    )


@pytest.mark.parametrize("place", WITH_REPORT)
def test_a_failed_run_says_why(visit: Visit, world: World, place: str) -> None:
    at = visit(world.workspace, place, run=world.failed)
    clean(at, place)
    assert not at.dataframe
    assert at.subheader[0].value == "This run has no report"


@pytest.mark.parametrize("place", ["runs", "new_run", "import", "compare", "trail", "live"])
def test_the_other_pages_stand_beside_a_failed_run(visit: Visit, world: World, place: str) -> None:
    at = visit(world.workspace, place, run=world.failed)
    assert not at.exception
    assert bool(at.error) == (place == "live")


@pytest.mark.parametrize("place", ABOUT_A_RUN)
def test_an_unknown_run_is_a_sentence(visit: Visit, world: World, place: str) -> None:
    at = visit(world.workspace, place, run="nosuchrun")
    assert not at.exception
    assert len(at.error) == 1
    assert "nosuchrun" in at.error[0].value
    assert "Traceback" not in everything(at)


def test_the_start_page_is_the_list_of_runs(world: World, visit: Visit) -> None:
    at = visit(world.workspace, "runs")
    assert {"rows of every kind", "not rows", "scripted questions"} <= set(texts(at))


def test_an_unexpected_error_is_one_plain_sentence() -> None:
    def page() -> None:
        from app import session

        with session.guarded():
            raise RuntimeError("secret detail")

    at = AppTest.from_function(page).run()
    assert not at.exception
    assert [e.value for e in at.error] == ["This page could not be drawn."]
    assert "secret detail" not in everything(at)


def test_the_rule_about_estimates_catches_a_bare_one() -> None:
    def page() -> None:
        import pandas as pd
        import streamlit as st

        st.text("near: 0.4 (95 % interval 0.3 to 0.5)")
        st.text("near: 0.4 (95 % interval 0.3 to 0.5), from 20 of 30 rows")
        st.dataframe(pd.DataFrame([{"Policy": "near", "Estimate": "0.4", "Interval": "–", "Rows used": "20 of 30"}]))
        st.dataframe(pd.DataFrame([{"Pair": "a − b", "Difference": "0.1", "Interval": "0 to 0.2"}]))

    assert bare_estimates(AppTest.from_function(page).run()) == [
        "near: 0.4 (95 % interval 0.3 to 0.5)",
        "Estimate without Interval",
        "Difference without Prompts in common",
    ]
