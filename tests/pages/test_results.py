from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import formats
from cje_audit.audit import Audit
from cje_audit.domain import spoken
from cje_audit.domain.report import Report
from tests.pages.conftest import World, everything, script, texts

Visit = Callable[..., AppTest]


@pytest.fixture(scope="module")
def report(world: World) -> Iterator[Report]:
    audit = Audit.open(world.workspace)
    yield audit.report(world.complete)
    audit.close()


def test_every_sentence_is_printed_byte_for_byte_in_one_element(visit: Visit, world: World, report: Report) -> None:
    said = texts(visit(world.workspace, "results", run=world.complete))
    for sentence in (*spoken.of_run(report), *spoken.of_numbers(report)):
        assert sentence in said
    for policy in report.policies:
        assert not set(spoken.of_policy(policy)) - set(said)
    positions = [said.index(p.sentence) for p in report.policies]
    assert said.index(report.summary.sentence) < min(positions)
    assert positions == sorted(positions)


def test_the_fixture_holds_a_reported_and_a_refused_policy(report: Report) -> None:
    verdicts = {p.name: p.verdict for p in report.policies}
    assert verdicts["near"] == "report"
    assert verdicts["far"] == "refuse"
    assert verdicts["uniform"] == "refuse"


def test_a_refused_policy_shows_its_reason_and_no_number(visit: Visit, world: World, report: Report) -> None:
    at = visit(world.workspace, "results", run=world.complete)
    shown = everything(at)
    allowed = {e.value for p in report.policies if p.verdict == "report" for e in p.estimates}
    refused = [p for p in report.policies if p.verdict == "refuse"]
    hidden = {e.value for p in refused for e in p.estimates} - allowed - {None}
    assert hidden
    assert not [value for value in hidden if str(value) in shown]
    for policy in refused:
        tables = [frame.value for frame in at.dataframe]
        assert policy.name not in "".join(t["Policy"].to_csv() for t in tables if "Policy" in t)
        pairs = [row for t in tables if "Pair" in t for _, row in t.iterrows() if policy.name in row["Pair"]]
        assert {row["Difference"] for row in pairs} <= {formats.MISSING}
    links = [link.proto.label for link in at.get("page_link")]
    assert any("heaviest row" in label or "Uniform weights" in label for label in links)


def test_no_estimate_without_its_rows_and_its_interval(visit: Visit, world: World, report: Report) -> None:
    at = visit(world.workspace, "results", run=world.complete)
    tables = [frame.value for frame in at.dataframe]
    assert any("Estimate" in table for table in tables)
    for table in tables:
        if "Estimate" in table:
            assert (table["Rows used"].str.contains(" of ")).all()
            assert (table["Interval"].str.contains(" to ")).all()
        elif "Difference" in table:
            assert ((table["Difference"] == formats.MISSING) | table["Interval"].str.contains(" to ")).all()
            counted = table["Prompts in common"] != formats.MISSING
            assert ((table["Difference"] == formats.MISSING) | counted).all()
            assert counted.any()


def test_a_pilot_ends_in_a_card_with_a_button_that_runs_the_rest(visit: Visit, tmp_path: Path) -> None:
    audit = Audit.open(tmp_path / "workspace")
    run = audit.launch(script(tmp_path, delay_s=0.0), pilot=10)
    assert audit.wait(run, timeout_s=120).status == "complete"
    pilot = audit.pilot(run)
    assert pilot is not None
    at = visit(tmp_path / "workspace", "results", run=run)
    assert pilot.sentence in texts(at)
    assert "a pilot of 10 of 24 rows" in everything(at)
    assert f"cje-audit rest {run}" in [code.value for code in at.code]
    next(b for b in at.button if b.label == "Run the rest").click().run()
    rest = audit.runs()[0].id
    assert rest != run
    assert audit.wait(rest, timeout_s=120).status == "complete"
    audit.close()


def test_the_planning_form_says_what_a_half_width_takes(visit: Visit, world: World) -> None:
    at = visit(world.workspace, "results", run=world.complete)
    at.number_input(key="plan_half").set_value(0.01)
    at.selectbox(key="plan_policy").set_value("far").run()
    assert not at.exception
    audit = Audit.open(world.workspace)
    wanted = audit.plan(world.complete, "far", 0.01)
    audit.close()
    assert wanted.sentence in texts(at)
    at.number_input(key="plan_half").set_value(0.0).run()
    assert not at.exception
    assert any("lies above 0" in w.value for w in at.warning)
