"""A report from facts, and small changes to facts."""

from dataclasses import replace
from typing import Any

from cje_audit.domain.report import Report, RunHeader
from cje_audit.report.assemble import assemble, run_checks
from cje_audit.report.facts import RunFacts
from tests.checks.builders import column

HEADER = RunHeader(
    id="r1", name="test", status="complete", created_at="2026-01-01T00:00:00Z", config_hash="c", data_hash=None,
    engine_version="0", git_commit=None,
)  # fmt: skip


def report_of(facts: RunFacts) -> Report:
    return assemble(HEADER, facts, run_checks(facts))


def with_target(facts: RunFacts, **values: Any) -> RunFacts:
    columns = {**facts.target_columns, **{n: column(facts.rows, v) for n, v in values.items()}}
    return replace(facts, target_columns=columns)


def policy(report: Report, name: str) -> Any:
    found = report.policy(name)
    assert found is not None
    return found
