"""The demo: the sample experiment held against its known truth, and its faulty siblings."""

import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cje_audit.audit import Audit
from cje_audit.domain.checks import CheckStatus, Verdict
from cje_audit.domain.report import Report
from cje_audit.settings import bundle_root
from tests.cli.helpers import cje

SAMPLE = bundle_root() / "sample_data"


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Audit, str, Report]]]:
    audit = Audit.open(tmp_path_factory.mktemp("demo"))
    runs = {"experiment": audit.demo(), **audit.demo_siblings()}
    found = {}
    for name, run in runs.items():
        assert audit.wait(run, timeout_s=120).status == "complete"
        found[name] = (audit, run, audit.report(run))
    yield found
    audit.close()


@pytest.fixture(scope="module")
def touched() -> dict[str, Any]:
    return json.loads((SAMPLE / "faulty" / "rows.json").read_text())


def verdicts(report: Report) -> dict[str, Verdict]:
    return {p.name: p.verdict for p in report.policies if p.role != "logging"}


def test_the_clone_and_the_mild_change_are_reported(reports: dict[str, Any], touched: dict[str, Any]) -> None:
    report: Report = reports["experiment"][2]
    found = verdicts(report)
    assert found["clone"] is Verdict.REPORT
    assert found[touched["policy"]] is Verdict.REPORT


def test_every_printed_estimate_is_held_against_its_truth(reports: dict[str, Any]) -> None:
    """Agreement is arithmetic on the page, not a wish: a miss has agrees = False and is shown so."""
    report: Report = reports["experiment"][2]
    for policy in report.policies:
        primary = next((e for e in policy.estimates if e.primary), None)
        if primary is None or policy.role == "logging":
            continue
        truth = next(t for t in policy.truths if t.reward in (primary.reward, "oracle"))
        assert truth.n >= 200
        assert truth.difference is not None
        assert truth.combined_standard_error is not None
        assert truth.agrees == (abs(truth.difference) <= 3 * truth.combined_standard_error)
        assert truth.agrees, f"{policy.name}: {truth}"


def test_the_unhelpful_policy_is_refused_or_right(reports: dict[str, Any]) -> None:
    report: Report = reports["experiment"][2]
    policy = report.policy("unhelpful")
    assert policy is not None
    assert policy.verdict is Verdict.REFUSE or all(t.agrees for t in policy.truths)


def test_uniform_by_bug_is_refused(reports: dict[str, Any], touched: dict[str, Any]) -> None:
    report: Report = reports["uniform_by_bug"][2]
    assert verdicts(report)[touched["policy"]] is Verdict.REFUSE
    assert verdicts(report)["clone"] is Verdict.REPORT
    check = next(
        c for c in report.checks() if c.id == "target_policy.uniform_weights" and c.policy == touched["policy"]
    )
    assert check.status is CheckStatus.FAIL


def test_a_skipped_stage_is_not_evaluated(reports: dict[str, Any]) -> None:
    report: Report = reports["skipped_target_stage"][2]
    assert {p.verdict for p in report.policies} == {Verdict.NOT_EVALUATED}
    assert [e for p in report.policies for e in p.estimates] == []


def test_a_broken_judge_warns_and_widens_the_bounds(reports: dict[str, Any], touched: dict[str, Any]) -> None:
    audit, run, report = reports["broken_judge"]
    scored = next(c for c in report.checks() if c.id == "judge.scored")
    assert scored.status is CheckStatus.WARN
    assert scored.n_affected == len(touched["rows"]["broken_judge"])
    failed = audit.failures(run, code="unparseable", limit=500)
    assert {r.row_id for r in failed.rows} == set(touched["rows"]["broken_judge"])
    clean: Report = reports["experiment"][2]

    def width(of: Report) -> float:
        policy = of.policy("clone")
        assert policy is not None
        low, high = next(e.missing_bounds for e in policy.estimates if e.reward == "judge" and e.missing_bounds)
        return high - low

    assert width(report) > width(clean) + 0.03


def test_fallback_constants_are_missing_exactly_those_rows(reports: dict[str, Any], touched: dict[str, Any]) -> None:
    audit, run, report = reports["fallback_constants"]
    rows = touched["rows"]["fallback_constants"]
    policy = report.policy(touched["policy"])
    assert policy is not None
    assert policy.missing_by_code == {"sentinel": len(rows)}
    failed = audit.failures(run, code="sentinel", limit=500)
    assert {r.row_id for r in failed.rows} == set(rows)
    assert {r.policy for r in failed.rows} == {touched["policy"]}
    assert audit.failures(run).total == len(rows)


def test_the_clean_experiment_has_no_failed_row(reports: dict[str, Any]) -> None:
    audit, run, report = reports["experiment"]
    assert audit.failures(run).total == 0
    speaking = {c.id for c in report.checks() if c.status in (CheckStatus.WARN, CheckStatus.FAIL)}
    loud = {i for i in speaking if not i.startswith("estimation.")}
    assert loud <= {
        "dataset.truncation",
        "dataset.manifest",
        "judge.calibration",
        "judge.transport",
        "target_policy.mean_weight",
    }


def test_demo_with_json_leaves_a_dashboard_that_answers(tmp_path: Path) -> None:
    done = cje(tmp_path / "w", "demo", "--no-open", "--json", "--port", "0", timeout=300)
    document = done.document
    try:
        assert done.code == 0
        assert f"run={document['run']}" in document["url"]
        with urllib.request.urlopen(document["url"], timeout=10) as page:
            assert page.status == 200
    finally:
        os.killpg(document["pid"], signal.SIGTERM)
