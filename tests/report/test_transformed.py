"""Clipped weights: asked for, counted, shown, and exact wherever nothing was clipped; bounds beside every estimate."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cje_audit.numerics.clipping import clip_around_quantile
from cje_audit.report.facts import FreshDraws, RunFacts
from tests.checks.builders import NAN, column, log_normal_run, scores
from tests.report.helpers import policy, report_of, with_target


def shifted_run(shift: float = -300.0) -> RunFacts:
    """`near` with all log-probs off by a constant: only a clip about its own quantile leaves its bulk alone."""
    facts = log_normal_run(n=400, sd=0.5, seed=2)
    return with_target(facts, near=facts.target_columns["near"].values + shift)


def estimates(facts: RunFacts, name: str = "near") -> dict[tuple[str, str], Any]:
    return {(e.estimator, e.reward): e for e in policy(report_of(facts), name).estimates}


def test_a_wide_clip_about_the_quantile_changes_nothing_and_ips_stays_exact() -> None:
    facts = replace(shifted_run(), log_ratio_clip=20.0, clip_around_quantile=True)
    got = estimates(facts)
    for plain, other in (("ips", "ips_clipped"), ("snips", "snips_clipped")):
        assert got[other, "judge"].value == got[plain, "judge"].value
        assert got[other, "judge"].standard_error == got[plain, "judge"].standard_error
    assert "0 of 400 rows changed" in got["ips_clipped", "judge"].note


def test_the_same_clip_about_zero_takes_every_row_of_shifted_log_probs() -> None:
    got = estimates(replace(shifted_run(), log_ratio_clip=20.0))
    assert "400 of 400 rows changed" in got["ips_clipped", "judge"].note


def test_what_is_clipped_is_counted_where_the_weights_are_shown() -> None:
    facts = replace(log_normal_run(n=400, sd=1.0, seed=3), log_ratio_clip=1.0, clip_around_quantile=True)
    near = policy(report_of(facts), "near")
    ratio = facts.log_ratio("near")
    want = clip_around_quantile(ratio, 1.0)
    assert 0 < want.n_clipped < 400
    assert near.weights.n_clipped == want.n_clipped
    assert near.weights.log_ratio.max == pytest.approx(ratio.max())  # the weights that are judged stay raw
    notes = [e.note for e in near.estimates if e.estimator == "ips_clipped"]
    assert notes == [n for n in notes if f"{want.n_clipped} of 400 rows changed" in n and "75th percentile" in n]
    assert not any(e.primary for e in near.estimates if e.estimator.endswith("_clipped"))


def lossy(seed: int) -> RunFacts:
    """Every kind of loss at once: scores, log-probs, labels and fresh draws without a score."""
    rng = np.random.default_rng(seed)
    facts = log_normal_run(n=600, sd=0.6, seed=seed)
    assert facts.judge is not None
    judged = np.where(rng.random(600) < 0.05, NAN, facts.judge.values)
    label = np.clip(facts.judge.values**2 + rng.normal(0, 0.1, 600), 0, 1)
    near = np.where(rng.random(600) < 0.05, NAN, facts.target_columns["near"].values)
    draws = np.where(np.arange(200) < 12, NAN, rng.random(200))
    return replace(
        facts,
        judge=scores(facts.rows, judged),
        oracle=scores(facts.rows, np.where(rng.random(600) < 0.4, label, NAN)),
        target_columns=facts.target_columns | {"near": column(facts.rows, near)},
        fresh_draws={"near": FreshDraws(draws, np.where(rng.random(200) < 0.3, draws**2, NAN), np.arange(200))},
        log_ratio_clip=1.0,
    )


@pytest.mark.parametrize("seed", range(4))
def test_bounds_stand_beside_every_estimate_and_hold_it(seed: int) -> None:
    got = estimates(lossy(seed))
    assert len(got) == 21
    for key, found in got.items():
        assert found.missing_bounds is not None, key
        low, high = found.missing_bounds
        assert low <= found.value <= high, key
        labels_alone = key in (("fresh_draw_mean", "oracle"),)
        assert (low == high) is labels_alone, key


def test_lost_draws_take_the_ends_of_the_scale() -> None:
    facts = lossy(0)
    draws = facts.fresh_draws["near"].judge
    low, high = (np.where(np.isnan(draws), end, draws).mean() for end in (0.0, 1.0))
    assert estimates(facts)["fresh_draw_mean", "judge"].missing_bounds == pytest.approx((low, high))
