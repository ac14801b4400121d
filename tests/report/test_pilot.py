"""A pilot's numbers: wider than those of the same rows as a whole run, and said to be so."""

from dataclasses import replace

import pytest

from cje_audit.domain.outcome import DecisionRule
from cje_audit.domain.pilot import PilotSize
from cje_audit.report.facts import RunFacts
from tests.checks.builders import log_normal_run
from tests.report.helpers import policy, report_of
from tests.report.test_calibrated import labelled, with_draws


def as_pilot(facts: RunFacts, n_total: int) -> RunFacts:
    return replace(facts, pilot=PilotSize(n=facts.rows.n, n_total=n_total))


@pytest.mark.parametrize("sd", [0.5, 1.2])
def test_every_interval_of_a_pilot_is_wider_and_says_so(sd: float) -> None:
    facts = replace(log_normal_run(n=400, sd=sd, seed=1), log_ratio_clip=1.0)
    whole, pilot = (policy(report_of(f), "near") for f in (facts, as_pilot(facts, 8000)))
    for one, part in zip(whole.estimates, pilot.estimates, strict=True):
        assert (one.value, one.standard_error) == (part.value, part.standard_error)
        assert part.interval[0] < one.interval[0] <= one.interval[1] < part.interval[1], one.estimator
        assert part.interval_method == f"{one.interval_method}, valid at every look"
    (headline,) = [e for e in pilot.estimates if e.primary]
    assert "5 % of the planned rows are in" in headline.interval_reason


def test_fresh_draws_too() -> None:
    facts = with_draws(labelled(300), 0.0)
    whole, pilot = (policy(report_of(f), "near") for f in (facts, as_pilot(facts, 10_000)))
    names = ("fresh_draw_mean", "calibrated_fresh_draw_mean", "doubly_robust")
    wider = [
        part.interval[0] < one.interval[0] and "every look" in part.interval_method
        for one, part in zip(whole.estimates, pilot.estimates, strict=True)
        if one.estimator in names
    ]
    assert wider == [True] * 4


@pytest.mark.parametrize("sd", [0.5, 1.2])
def test_differences_p_values_and_the_decision_follow_the_widened_interval(sd: float) -> None:
    rule = DecisionRule(rule="ship_if_difference_above", margin=-0.02)
    facts = replace(log_normal_run(n=800, sd=sd, seed=4), decision_rule=rule)
    whole, pilot = report_of(facts), report_of(as_pilot(facts, 8000))
    for one, part in zip(whole.comparisons, pilot.comparisons, strict=True):
        if one.p_value is None:
            continue
        assert part.p_value is not None
        assert part.interval[0] < one.interval[0] <= one.interval[1] < part.interval[1]
        assert part.p_value > one.p_value
        assert (part.p_value < 0.05) is not (part.interval[0] <= 0 <= part.interval[1])
    (one,), (part,) = whole.decision.candidates, pilot.decision.candidates
    assert part.level == one.level == 0.95
    assert part.interval[1] > one.interval[1]


def test_a_pilot_of_all_rows_is_a_whole_run() -> None:
    facts = log_normal_run(n=300)
    whole, pilot = (policy(report_of(f), "near").estimates for f in (facts, as_pilot(facts, 300)))
    assert whole == pilot
