"""The offline HTML report: the same sentences, nothing that runs or loads, and a hash that tells any change."""

import hashlib
import html
import re
from dataclasses import replace

import numpy as np
import pytest

from cje_audit.domain.checks import Check, CheckStatus, Verdict
from cje_audit.domain.outcome import DecisionRule
from cje_audit.domain.report import Estimate, FailureGroup, PolicyReport, Report, RunHeader, StageReport, Summary
from cje_audit.report.html import render, verify_html
from tests.checks.builders import log_normal_run
from tests.report.helpers import report_of, with_target

HOSTILE = "<script>alert(1)</script><img src=http://x/y>\u2028</script>"


def estimate(value: float = 0.4321) -> Estimate:
    return Estimate(
        estimator="snips", reward="judge", value=value, standard_error=0.01, interval=(value - 0.02, value + 0.02),
        interval_method="t", n_used=90, missing_bounds=(value - 0.05, value + 0.05), primary=True,
    )  # fmt: skip


def policy(name: str, verdict: Verdict, value: float) -> PolicyReport:
    return PolicyReport(
        name=name, role="target", verdict=verdict, sentence=f"{name} said so, from 90 of 100 rows.", reasons=("estimation.ess",),
        n_total=100, n_used=90, n_missing=10, estimates=(estimate(value),),
    )  # fmt: skip


@pytest.fixture
def report() -> Report:
    check = Check(
        id="judge.scored",
        status=CheckStatus.WARN,
        sentence="10 of 100 rows have no score.",
        example_ids=("row-secret",),
    )
    header = RunHeader(
        id="r1", name=HOSTILE, status="complete", created_at="2026-01-01T00:00:00Z", config_hash="c", data_hash="d",
        engine_version="0", git_commit=None, provenance={"notes": ["quoted prompt text"]},
    )  # fmt: skip
    return Report(
        run=header,
        summary=Summary(sentence="One policy may be reported.", best_policy=None),
        stages=(
            StageReport(
                name="judge", status=CheckStatus.WARN, n_in=100, n_ok=90, n_failed=10, seconds=1.0, checks=(check,)
            ),
        ),
        policies=(policy("good", Verdict.REPORT, 0.4321), policy("bad", Verdict.REFUSE, 0.8765)),
        failures=(
            FailureGroup(
                stage="judge",
                policy=None,
                code="unparseable",
                count=10,
                retryable=True,
                sentence="s.",
                what_to_do="w.",
                example_ids=("row-secret",),
            ),
        ),
    )


def test_the_sentences_are_the_reports_own(report: Report) -> None:
    text = render(report)
    assert report.summary.sentence in text
    assert all(p.sentence in text for p in report.policies)
    assert "90 of 100" in text
    assert report.report_hash() in text


def test_a_refused_policy_has_no_number_anywhere_in_the_file(report: Report) -> None:
    text = render(report)
    assert "0.432" in text
    assert "0.876" not in text
    assert "0.8765" not in text


def test_nothing_in_the_file_runs_or_loads(report: Report) -> None:
    text = render(report)
    assert "<script>" not in text
    assert re.findall(r"<script[^>]*>", text) == ['<script type="application/json" id="report">']
    assert text.count("</script>") == 1
    assert not re.search(r"<(img|link|iframe|object)\b", text)
    assert "default-src 'none'" in text


def test_a_redacted_file_names_no_row(report: Report) -> None:
    assert "row-secret" in render(report)
    redacted = render(report, redact=True)
    assert "row-secret" not in redacted
    assert "quoted prompt text" not in redacted
    assert verify_html(redacted) == []


@pytest.mark.parametrize(("old", "new"), [("0.432", "0.532"), ("One policy", "No policy"), ("90 of 100", "99 of 100")])
def test_any_change_is_found(report: Report, old: str, new: str) -> None:
    text = render(report)
    assert verify_html(text) == []
    assert verify_html(text.replace(old, new, 1))


def test_another_file_is_no_report() -> None:
    assert verify_html("<html></html>") == ["The file is not a CJE Audit report, or its hash was removed."]


def test_a_file_sealed_around_something_else_than_a_report_is_said_as_that(report: Report) -> None:
    text = render(report)
    sealed = re.search(r'name="cje-audit-file-hash" content="([0-9a-f]{64})"', text)
    assert sealed is not None
    blank = text.replace(sealed[1], "0" * 64).replace('"schema":', '"scheme":', 1)
    forged = blank.replace("0" * 64, hashlib.sha256(blank.encode("utf-8")).hexdigest(), 1)
    assert [fault.partition(",")[0] for fault in verify_html(forged)] == ["The file's hash holds"]


def test_the_same_report_gives_the_same_bytes(report: Report) -> None:
    assert len({render(report) for _ in range(10)}) == 1


def test_the_decision_the_ranking_and_the_next_step_are_printed_as_they_are() -> None:
    facts = log_normal_run(n=300)
    assert facts.logging_column is not None
    far = with_target(facts, near=facts.target_columns["near"].values - np.random.default_rng(0).gamma(4, 15, 300))
    for one in (facts, far):
        report = report_of(replace(one, decision_rule=DecisionRule(margin=0.01)))
        text = html.unescape(render(report))
        assert report.decision is not None
        assert report.decision.sentence in text
        assert (report.summary.ranking or "") in text
        assert all((p.next_step or "") in text for p in report.policies)
    assert report.decision.outcome == "unhealthy"
    assert "Cannot be decided" in text


def test_damage_that_was_left_out_stands_beside_the_estimates_without_it() -> None:
    facts = log_normal_run()
    hurt = facts.target_columns["near"].values.copy()
    hurt[:6] = -999.0
    report = report_of(with_target(facts, near=hurt))
    text = html.unescape(render(report))
    [repair] = report.repairs
    moved = next(c for c in repair.estimates if c.estimator == "snips" and c.reward == "judge")
    assert moved.before is not None and moved.after is not None
    assert repair.sentence in text and "Rows before" in text and moved.sentence in text
    refused = tuple(p.model_copy(update={"verdict": Verdict.REFUSE}) for p in report.policies)
    hidden = render(report.model_copy(update={"policies": refused}))
    assert repair.sentence in html.unescape(hidden)
    assert moved.sentence not in html.unescape(hidden) and "Rows before" not in hidden
