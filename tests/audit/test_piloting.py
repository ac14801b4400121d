"""A pilot: a part of the rows, go or no go, and the rest without asking anything twice."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cje_audit.audit import Audit
from cje_audit.audit.piloting import pilot_report
from cje_audit.domain.errors import ConfigError, InputError
from cje_audit.domain.pilot import PilotSize
from tests.pages.conftest import script


@pytest.fixture
def audit(tmp_path: Path) -> Iterator[Audit]:
    opened = Audit.open(tmp_path / "workspace")
    yield opened
    opened.close()


def finished(audit: Audit, run: str) -> str:
    assert audit.wait(run, timeout_s=120).status == "complete"
    return run


def test_a_clean_pilot_says_go_and_the_rest_asks_only_what_is_new(audit: Audit, tmp_path: Path) -> None:
    text = script(tmp_path, delay_s=0.0)
    run = finished(audit, audit.launch(text, pilot=10))
    report, pilot = audit.report(run), audit.pilot(run)
    assert pilot is not None
    assert {p.n_total for p in report.policies} == {10}
    assert (pilot.size.n, pilot.size.n_total, pilot.outcome) == (10, 24, "go")
    assert pilot.sentence.startswith(
        "Go: nothing was found wrong in the pilot's 10 of 24 rows. 14 of 24 rows are left."
    )
    assert report.summary.warnings[0].startswith("This is a pilot on 10 of 24 rows.")
    asked = audit.live(run).n_asked
    rest = finished(audit, audit.run_rest(run))
    assert {p.n_total for p in audit.report(rest).policies} == {24}
    assert audit.pilot(rest) is None
    assert not [w for w in audit.report(rest).summary.warnings if "pilot" in w]
    whole = audit.live(rest)
    assert (whole.n_reused, whole.n_asked) == (asked, asked * 14 // 10)


def test_a_pilot_with_failing_checks_says_no_go_and_names_them(audit: Audit, tmp_path: Path) -> None:
    text = script(tmp_path, delay_s=0.0)
    faults = [{"code": "judge_refusal", "op": "judge", "contains": str(digit)} for digit in (1, 2, 3)]
    (tmp_path / "script.json").write_text(json.dumps({"faults": faults}), encoding="utf-8")
    run = finished(audit, audit.launch(text, pilot=20))
    pilot = audit.pilot(run)
    assert pilot is not None
    assert pilot.outcome == "no_go"
    assert pilot.reasons[0] == "judge.scored"
    assert pilot.sentence.startswith("No go: the pilot's 20 of 24 rows show what the rest would repeat (Scores present")


def test_only_a_pilot_has_a_rest_and_none_is_empty(audit: Audit, tmp_path: Path) -> None:
    text = script(tmp_path, delay_s=0.0)
    with pytest.raises(ConfigError, match="at least one row"):
        audit.launch(text, pilot=0)
    run = finished(audit, audit.launch(text))
    with pytest.raises(InputError, match="is no pilot"):
        audit.run_rest(run)


def test_the_cost_is_estimated_for_the_pilots_rows(audit: Audit, tmp_path: Path) -> None:
    experiment = json.loads(script(tmp_path, delay_s=0.0))
    whole = audit.estimate_cost(json.dumps(experiment)).n_requests
    experiment["execution"]["pilot"] = 6
    assert audit.estimate_cost(json.dumps(experiment)).n_requests * 4 == whole


@pytest.mark.parametrize(
    ("cost", "told"),
    [
        (None, "They would take about 20 s. What they would cost is not known: a model has no price."),
        (0.0, "They would cost nothing and take about 20 s."),
        (1.5, "They would cost about 3 and take about 20 s."),
    ],
)
def test_an_unknown_price_is_not_nothing(audit: Audit, tmp_path: Path, cost: float | None, told: str) -> None:
    run = finished(audit, audit.launch(script(tmp_path, delay_s=0.0), pilot=8))
    report = audit.report(run)
    stages = tuple(s.model_copy(update={"seconds": 10.0 if s.name == "judge" else 0.0}) for s in report.stages)
    found = pilot_report(report.model_copy(update={"stages": stages}), PilotSize(n=8, n_total=24), cost, {})
    assert found.sentence.endswith(f"16 of 24 rows are left. {told}")
