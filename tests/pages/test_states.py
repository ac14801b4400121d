"""Every page in every state: no run, a run that has not ended, one that failed, one that is complete."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.places import PLACES, RUN
from tests.pages.conftest import World, everything, texts

Visit = Callable[..., AppTest]
ABOUT_A_RUN = [name for name, place in PLACES.items() if place.section == RUN]
WITH_REPORT = [name for name in ABOUT_A_RUN if name not in ("live", "row")]


@pytest.mark.parametrize("place", PLACES)
def test_an_empty_workspace_says_what_to_do(visit: Visit, tmp_path: Path, place: str) -> None:
    at = visit(tmp_path / "fresh", place)
    assert not at.exception
    assert not at.error
    assert at.title[0].value == PLACES[place].title
    if place in ABOUT_A_RUN:
        assert at.subheader[0].value == "There is no run yet"
        assert "Open the demo, import a file, or start a new run." in texts(at)


@pytest.mark.parametrize("place", PLACES)
def test_a_complete_run_is_shown_without_an_error(visit: Visit, world: World, place: str) -> None:
    at = visit(world.workspace, place, run=world.complete)
    assert not at.exception
    assert not at.error
    assert at.query_params["run"] == world.complete


@pytest.mark.parametrize("place", WITH_REPORT)
def test_a_run_that_has_not_ended_shows_no_result(visit: Visit, world: World, place: str) -> None:
    at = visit(world.workspace, place, run=world.running)
    assert not at.exception
    assert at.subheader[0].value == "This run has not ended yet"
    assert not at.metric
    assert not at.dataframe


@pytest.mark.parametrize("place", WITH_REPORT)
def test_a_failed_run_says_why(visit: Visit, world: World, place: str) -> None:
    at = visit(world.workspace, place, run=world.failed)
    assert not at.exception
    assert not at.dataframe
    assert at.subheader[0].value == "This run has no report"


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
