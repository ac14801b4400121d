"""What a wanted half-width takes, from a report."""

from dataclasses import replace

import numpy as np
import pytest

from cje_audit.domain.errors import InputError
from cje_audit.numerics.planning import rows_for
from cje_audit.report.facts import UnitCost
from cje_audit.report.wanted import plan_for
from tests.checks.builders import log_normal_run, scores
from tests.report.helpers import policy, report_of
from tests.report.test_planning import far_run


def test_a_reported_policy_has_every_way_with_its_price() -> None:
    facts = log_normal_run(n=600)
    assert facts.judge is not None
    noise = np.random.default_rng(0).normal(0, 0.1, 600)
    labels = np.where(np.arange(600) < 200, np.clip(facts.judge.values + noise, 0, 1), np.nan)
    priced = replace(facts, oracle=scores(facts.rows, labels), unit_costs={"near": UnitCost(0.01, None, 0.02)})
    near = policy(report_of(priced), "near")
    found = plan_for(near, near.basis.standard_error * 1.5, label_price=2.0)
    lines = {line.way: line for line in found.lines}
    assert set(lines) == {"fresh responses", "logged rows", "labels"}
    rows = lines["logged rows"]
    want = rows_for(600, near.basis.standard_error, found.half_width, label_share=near.basis.label_share)
    assert want is not None
    assert (rows.n_more, rows.cost) == (want - 600, pytest.approx(0.02 * (want - 600)))
    assert lines["fresh responses"].cost == pytest.approx(0.01 * lines["fresh responses"].n_more)
    assert lines["labels"].n_present == near.basis.n_labels > 100
    unpriced = plan_for(near, found.half_width)
    assert [line.no_cost for line in unpriced.lines if line.way == "labels" and line.n_more] in (
        [],
        ["no price of a label was given"],
    )


def test_a_refused_policy_has_only_its_own_responses() -> None:
    near = policy(report_of(far_run()), "near")
    found = plan_for(near, 0.02)
    assert [line.way for line in found.lines] == ["fresh responses"]
    assert found.lines[0].n_more > 0
    assert "only its own responses lead there" in found.sentence
    assert near.basis.standard_error is None


def test_a_wide_interval_needs_nothing_more_and_a_narrow_one_more_than_there_can_be() -> None:
    near = policy(report_of(log_normal_run()), "near")
    wide = {line.way: line for line in plan_for(near, 0.5).lines}
    assert (wide["logged rows"].n_more, wide["logged rows"].cost) == (0, 0.0)
    assert wide["logged rows"].sentence.startswith("Nothing more is needed")
    assert plan_for(near, 1e-9).lines[0].n_more is None


@pytest.mark.parametrize("half", [0.0, -0.1, 0.6, float("nan")])
def test_a_half_width_that_means_nothing_is_refused(half: float) -> None:
    with pytest.raises(InputError):
        plan_for(policy(report_of(log_normal_run()), "near"), half)


def test_the_logging_policy_has_no_plan() -> None:
    with pytest.raises(InputError, match="no plan for base"):
        plan_for(policy(report_of(log_normal_run()), "base"), 0.02)
