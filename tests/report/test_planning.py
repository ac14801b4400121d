"""The way out of a refusal: how many fresh responses, what they give, and at what price."""

from dataclasses import replace

import numpy as np
import pytest

from cje_audit.checks.verdicts import Decision
from cje_audit.domain.checks import Check, CheckStatus, Verdict
from cje_audit.report.facts import FreshDraws, UnitCost
from cje_audit.report.planning import fresh_plan, fresh_responses, next_step
from tests.checks.builders import log_normal_run
from tests.report.helpers import policy, report_of, with_target

NOTHING = np.zeros(0)


def far_run(n: int = 300):
    facts = log_normal_run(n=n)
    return with_target(facts, near=facts.target_columns["near"].values - np.random.default_rng(0).gamma(4, 15, n))


def test_every_refused_policy_has_a_next_step_and_a_sized_way_out() -> None:
    near = policy(report_of(far_run()), "near")
    assert str(near.verdict) == "refuse"
    assert near.next_step
    assert near.plan.n % 50 == 0
    assert near.plan.n > 0
    assert near.plan.half_width == 0.02
    assert (near.plan.cost, near.plan.no_cost) == (None, "an import names no model that could be asked")


def test_the_price_is_printed_where_it_is_known() -> None:
    near = policy(report_of(replace(far_run(), unit_costs={"near": UnitCost(0.01, None)})), "near")
    assert near.plan.cost == pytest.approx(near.plan.n * 0.01)
    assert f"for about {near.plan.cost:,.2f} in the price table's currency" in near.next_step


def test_a_reported_policy_and_the_logging_policy_have_no_plan() -> None:
    report = report_of(log_normal_run())
    assert [(policy(report, n).plan, policy(report, n).next_step) for n in ("base", "near")] == [(None, None)] * 2


def test_draws_that_are_there_are_counted() -> None:
    scores = np.random.default_rng(1).normal(0.5, 0.1, 150).clip(0, 1)
    draws = FreshDraws(scores, np.full(150, np.nan), np.arange(150))
    near = policy(report_of(replace(far_run(), fresh_draws={"near": draws})), "near")
    assert near.plan.n_present == 150
    assert near.plan.n in (0, 50)
    few = fresh_plan("B", 0.3, (0.0, 1.0), scores[:20], None)
    assert few.n == fresh_responses(0.3, 0.02) - 20
    assert few.sentence.startswith(f"Next: {few.n:,} more fresh responses of B")


def test_enough_draws_say_that_they_already_answer() -> None:
    scores = np.random.default_rng(1).normal(0.5, 0.1, 500).clip(0, 1)
    plan = fresh_plan("B", float(scores.std(ddof=1)), (0.0, 1.0), scores, UnitCost(1.0, None))
    assert (plan.n, plan.cost) == (0, None)
    assert plan.half_width < 0.02
    assert "already give its average judge score" in plan.sentence


def test_without_any_score_half_of_the_scale_is_assumed() -> None:
    assert fresh_plan("B", None, (0.0, 10.0), NOTHING, None).n == fresh_responses(0.5, 0.02) >= 2400


def test_a_report_has_no_next_step_and_nothing_computed_always_has_one() -> None:
    assert next_step(Decision(Verdict.REPORT), None) is None
    assert next_step(Decision(Verdict.NOT_EVALUATED), None)
    bare = Check(id="target_policy.coverage", policy="B", status=CheckStatus.FAIL, sentence="Lost.")
    assert next_step(Decision(Verdict.REFUSE, (bare,)), fresh_plan("B", 0.1, (0.0, 1.0), NOTHING, None))


def test_the_planned_number_of_draws_gives_the_promised_interval() -> None:
    """Known truth: 2,000 samples of the planned size; the mean half-width is what was promised, and it covers."""
    random = np.random.default_rng(5)
    spread, half = 0.2, 0.03
    n = fresh_responses(spread, half)
    drawn = random.normal(0.4, spread, (2000, n))
    reached = 1.96 * drawn.std(axis=1, ddof=1) / np.sqrt(n)
    assert half * 0.8 < reached.mean() <= half
    covered = np.abs(drawn.mean(axis=1) - 0.4) <= half
    assert covered.mean() > 0.94
