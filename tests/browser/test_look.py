"""Every page looks right at the width of a desk and of a phone, in light and in dark; pictures are kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from app.places import PLACES
from tests.browser import look
from tests.browser.conftest import Served
from tests.browser.tab import settled

pytestmark = pytest.mark.browser
NARROW = "width:60px; white-space:nowrap; overflow:"
PLANTED = {
    "wider than its window: stMain": "<div style='width:3000px'>wide</div>",
    "clipped: a long sentence": f"<div style='{NARROW}hidden'>a long sentence</div>",
    "clipped: cut below": "<div style='height:8px; overflow:hidden'>cut below</div>",
    "clipped: a long choice": "<input role=combobox style='width:60px' value='a long choice of a list'>",
    "overlapping: one | two": "<svg class=main-svg><text y=20>one</text><text y=20>two</text></svg>",
    "raw nan": "<p>a mean of nan</p>",
    "raw None": "<p>None</p>",
    "raw inf": "<p>from -inf to 1</p>",
    "raw Traceback": "<p>Traceback (most recent call last)</p>",
    "raw ValueError": "<p>ValueError: x</p>",
}
HARMLESS = (
    f"<div style='{NARROW}hidden' title='a long sentence'>a long sentence</div>"
    f"<div style='{NARROW}auto'>one that can be scrolled</div><p>finance, information, Nancy, nonexistent</p>"
)


@pytest.fixture(scope="module")
def tab(browser: Any, served: Served) -> Iterator[Any]:
    """One tab for all pages: what it has fetched once it does not fetch again."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def runs(served: Served) -> dict[str, str]:
    made = {"experiment": served.audit.demo(), **served.audit.demo_siblings()}
    assert {served.audit.wait(run, timeout_s=300).status for run in made.values()} == {"complete"}
    return made


def address(served: Served, runs: dict[str, str], place: str) -> str:
    """Return the address of a page about a run in which it has something to show."""
    query = {"run": runs["broken_judge" if place == "failures" else "experiment"]}
    if place == "row":
        query["row"] = served.audit.weights(query["run"], "two_examples").heaviest[0].row_id
    if place == "compare":
        query |= {"a": runs["experiment"], "b": runs["broken_judge"]}
    return f"{served.url}/{PLACES[place].url_path}?{urlencode(query)}"


@pytest.mark.parametrize("place", list(PLACES))
def test_a_page_looks_right(tab: Any, served: Served, runs: dict[str, str], shots: Path, place: str) -> None:
    tab.set_viewport_size({"width": 1440, "height": 900})
    tab.goto(address(served, runs, place))
    settled(tab, PLACES[place].title)
    look.unfold(tab)
    found = [*look.looks(tab, shots, f"look-{place}"), *look.unexplained(tab)]
    assert not found, "\n".join(found)


def test_the_menu_of_a_phone_looks_right(tab: Any, served: Served, runs: dict[str, str], shots: Path) -> None:
    tab.set_viewport_size({"width": 390, "height": 900})
    tab.goto(address(served, runs, "results"))
    settled(tab, "Results")
    tab.get_by_test_id("stExpandSidebarButton").click()
    look.stands(tab, "light")
    tab.screenshot(path=shots / "look-menu-390.png")
    assert tab.get_by_test_id("stSidebar").get_by_role("combobox", name="Run").input_value() == "Demo: short questions"
    assert look.wrong(tab) == []


@pytest.mark.parametrize("planted", list(PLANTED))
def test_the_look_finds_what_is_planted(tab: Any, planted: str) -> None:
    start = "<body style='margin:0'><main data-testid=stMain style='width:390px; overflow:auto'>"
    tab.set_content(start + HARMLESS)
    assert look.wrong(tab) == []
    tab.set_content(start + HARMLESS + PLANTED[planted])
    assert [said for said in look.wrong(tab) if said.startswith(planted)]


def test_the_look_finds_an_unexplained_abbreviation(tab: Any) -> None:
    words = "<main data-testid=stMain><button>Words</button><p data-testid=stPopoverBody>ESS is a size</p>"
    tab.set_content(f"{words}<p>an ESS of 3 as JSON</p><pre data-testid=stCode>XYZ</pre>")
    assert look.unexplained(tab) == []
    tab.set_content(f"{words}<p>a SNIPS of 0.3 with k̂ = 1</p>")
    assert [said.split(":")[0] for said in look.unexplained(tab)] == ["unexplained SNIPS", "unexplained k̂"]
