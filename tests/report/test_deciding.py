"""The decision rule: what it says, and that health comes first."""

from dataclasses import replace

import numpy as np
import pytest

from cje_audit.domain.outcome import DecisionReport, DecisionRule
from cje_audit.report.facts import RunFacts
from tests.checks.builders import log_normal_run, scores
from tests.report.helpers import report_of, with_target


def decided(facts: RunFacts, **rule: object) -> DecisionReport:
    found = report_of(replace(facts, decision_rule=DecisionRule(**rule))).decision
    assert found is not None
    return found


def clear_run() -> RunFacts:
    """`near` is worth far more than the logging policy: its score follows the log ratio."""
    facts = log_normal_run(n=2000, sd=0.8, seed=2)
    return replace(facts, judge=scores(facts.rows, np.where(facts.log_ratio("near") > 0, 0.9, 0.1)))


def test_a_clear_lead_ships_and_the_margin_counts() -> None:
    ship = decided(clear_run())
    assert (ship.outcome, ship.baseline, [c.policy for c in ship.candidates]) == ("ship", "base", ["near"])
    (near,) = ship.candidates
    assert near.interval is not None
    assert near.interval[0] > 0
    assert decided(clear_run(), margin=near.difference).outcome == "undecided"
    assert decided(clear_run(), margin=near.interval[1] + 0.01).outcome == "no_ship"
    assert decided(clear_run(), margin=near.interval[0] - 1e-9).outcome == "ship"


def test_the_sentence_says_the_rule_first_and_then_the_outcome() -> None:
    found = decided(clear_run(), margin=0.01)
    assert found.sentence.startswith(
        "Rule fixed before the run: ship if the difference to base exceeds 0.01 with 95 % confidence. Ship near: "
    )
    assert found.candidates[0].sentence in found.sentence


def test_unhealthy_outranks_ship() -> None:
    facts = clear_run()
    assert facts.logging_column is not None
    ill = with_target(facts, near=facts.logging_column.values)
    found = decided(ill)
    assert found.outcome == "unhealthy"
    assert found.candidates[0].difference is None
    assert "may not be given a number" in found.sentence


def test_an_unhealthy_baseline_decides_nothing() -> None:
    facts = clear_run()
    assert facts.logging_column is not None
    ill = with_target(facts, clone=facts.logging_column.values - np.random.default_rng(0).gamma(4, 15, 2000))
    assert decided(ill, baseline="clone").outcome == "unhealthy"


def test_confidence_is_shared_among_the_candidates() -> None:
    facts = clear_run()
    two = replace(
        facts,
        targets={**facts.targets, "other": replace(facts.targets["near"], name="other")},
        target_columns={**facts.target_columns, "other": facts.target_columns["clone"]},
    )
    moved = with_target(two, other=two.target_columns["near"].values - 0.05 * np.random.default_rng(3).random(2000))
    found = decided(moved)
    assert {c.policy for c in found.candidates} == {"near", "other"}
    assert [c.level for c in found.candidates] == [pytest.approx(0.975)] * 2
    assert "shared among 2 candidates" in found.sentence


def test_a_named_policy_is_the_only_candidate_and_no_rule_says_nothing() -> None:
    assert [c.policy for c in decided(clear_run(), policy="clone").candidates] == ["clone"]
    assert report_of(clear_run()).decision is None


def test_an_order_that_stands_tells_nothing_about_a_margin() -> None:
    facts = log_normal_run(n=1000, sd=1.9, seed=0)
    near = report_of(facts).policy("near")
    assert near is not None
    assert str(near.verdict) == "rank_only"
    assert decided(facts).outcome in ("ship", "undecided", "no_ship")
    assert decided(facts, margin=0.1).outcome == "unhealthy"


def test_known_truth_a_worthless_policy_ships_as_rarely_as_promised() -> None:
    """80 runs in which `near` is worth exactly as much: at 95 % confidence about 2.5 % ship (6 or more: p = .02)."""
    shipped = 0
    for seed in range(80):
        facts = log_normal_run(n=200, sd=0.3, seed=seed)
        blind = np.random.default_rng(1000 + seed).random(200)
        shipped += decided(replace(facts, judge=scores(facts.rows, blind)), policy="near").outcome == "ship"
    assert shipped <= 5
