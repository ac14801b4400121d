"""Compare: two runs by prompt, from tick boxes to sentences."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cje_audit.audit import Audit, ImportOptions
from tests.conftest import synthetic_rows
from tests.pages.conftest import texts

Visit = Callable[..., AppTest]


@dataclass(frozen=True)
class Two:
    workspace: Path
    audit: Audit
    a: str
    b: str


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    folder = tmp_path_factory.mktemp("two")
    audit = Audit.open(folder / "workspace")
    runs = []
    for name, sd in (("first", 0.2), ("second", 0.3)):
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(r) + "\n" for r in synthetic_rows(240, seed=3, sd=sd)), encoding="utf-8")
        runs.append(audit.import_files([path], ImportOptions(), name=name))
    for run in runs:
        audit.wait(run, timeout_s=120)
    yield Two(folder / "workspace", audit, runs[0], runs[1])
    audit.close()


def test_two_runs_in_the_address_are_compared_in_the_commands_own_words(visit: Visit, two: Two) -> None:
    at = visit(two.workspace, "compare", run=two.a, a=two.a, b=two.b)
    assert not at.exception
    said, found = texts(at), two.audit.compare(two.a, two.b)
    assert found.sentence in said
    assert found.comparisons
    for pair in found.comparisons:
        assert pair.sentence in said


def test_without_a_choice_the_page_says_what_to_do(visit: Visit, two: Two) -> None:
    at = visit(two.workspace, "compare", run=two.a)
    assert not at.exception
    assert any("Pick two runs" in caption.value for caption in at.caption)


def test_two_ticks_on_the_list_lead_to_the_comparison(visit: Visit, two: Two) -> None:
    at = visit(two.workspace, "runs", run=two.a)
    at.checkbox(key=f"tick-{two.a}").check().run()
    assert any("tick exactly two" in caption.value for caption in at.caption)
    at.checkbox(key=f"tick-{two.b}").check().run()
    assert not at.exception
    assert "Compare the two ticked runs" in {link.proto.label for link in at.get("page_link")}


def test_results_hold_the_policies_of_one_run_against_each_other(visit: Visit, two: Two) -> None:
    at = visit(two.workspace, "results", run=two.a)
    assert not at.exception
    report = two.audit.report(two.a)
    said = texts(at)
    assert report.comparisons
    for pair in report.comparisons:
        assert pair.sentence in said
    assert report.summary.ranking is None or report.summary.ranking in said
