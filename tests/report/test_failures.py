"""Failures: every failed cell in exactly one group."""

from dataclasses import replace

from cje_audit.checks.dataset import DatasetFacts, Quarantined
from tests.checks.builders import NAN, log_normal_run, no_codes
from tests.report.helpers import report_of


def test_bad_lines_and_conflicts_become_failures() -> None:
    lines = tuple(Quarantined(f"line {i}", "encoding", "not UTF-8") for i in range(3))
    facts = log_normal_run(dataset=DatasetFacts(405, lines, conflicting_ids=("p1", "p1")))
    groups = [(g.stage, g.code, g.count, g.example_ids) for g in report_of(facts).failures]
    assert groups == [
        ("dataset", "encoding", 3, ("line 0", "line 1", "line 2")),
        ("dataset", "duplicate", 2, ("p1", "p1")),
    ]


def test_an_unknown_code_is_counted_as_unknown() -> None:
    facts = log_normal_run()
    assert facts.judge is not None
    values, codes = facts.judge.values.copy(), no_codes(400)
    values[0], codes[0] = NAN, "new_thing"
    groups = report_of(replace(facts, judge=replace(facts.judge, values=values, codes=codes))).failures
    assert [g.code for g in groups] == ["unknown"]
