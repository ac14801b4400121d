"""What holds for every report, whatever the rows: hypothesis looks for rows where it does not."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cje_audit.checks.frame import Column, Rows
from cje_audit.report.estimates import estimates_of
from cje_audit.report.facts import RunFacts
from tests.checks.builders import NAN, column, log_normal_run, scores

SEEDS, FEW = st.integers(0, 10**6), settings(max_examples=12, deadline=None)


def run(seed: int, n: int = 240) -> RunFacts:
    """A labelled run of two targets, `near` and `other`, with a clip that bites."""
    facts, rng = log_normal_run(n=n, seed=seed, sd=0.6), np.random.default_rng(seed + 7)
    assert facts.logging_column is not None and facts.judge is not None
    label = np.where(rng.random(n) < 0.6, np.clip(facts.judge.values**2 + rng.normal(0, 0.1, n), 0, 1), NAN)
    other = column(facts.rows, facts.logging_column.values + np.minimum(rng.normal(-0.3, 0.7, n), 0))
    return replace(
        facts,
        targets=facts.targets | {"other": facts.targets["near"]},
        target_columns=facts.target_columns | {"other": other},
        oracle=scores(facts.rows, label),
        log_ratio_clip=1.0,
    )


def told(facts: RunFacts, policy: str = "near") -> dict[tuple[str, str], tuple[Any, ...]]:
    found = estimates_of(facts, policy, headline=None)
    return {(e.estimator, e.reward): (e.value, e.standard_error, e.interval, e.missing_bounds) for e in found}


def reordered(facts: RunFacts, order: np.ndarray) -> RunFacts:
    """The same rows in another order, with the same ids."""

    def moved(one: Column | None) -> Column | None:
        return None if one is None else Column(one.values[order], one.codes[order], one.reported[order])

    rows = Rows(**{f: getattr(facts.rows, f)[order] for f in Rows.__dataclass_fields__})
    columns = {name: moved(c) for name, c in facts.target_columns.items()}
    return replace(
        facts, rows=rows, logging_column=moved(facts.logging_column), target_columns=columns, judge=moved(facts.judge),
        oracle=moved(facts.oracle),
    )  # fmt: skip


def flat(found: dict[tuple[str, str], tuple[Any, ...]]) -> list[float]:
    return [float(v) for row in found.values() for part in row for v in (part if isinstance(part, tuple) else (part,))]


@FEW
@given(SEEDS)
def test_the_order_of_the_rows_changes_no_estimate_error_interval_or_bound(seed: int) -> None:
    facts = run(seed)
    order = np.random.default_rng(seed).permutation(facts.rows.n)
    here, there = told(facts), told(reordered(facts, order))
    assert list(here) == list(there)
    assert flat(here) == pytest.approx(flat(there), rel=1e-9, abs=1e-12)


@FEW
@given(SEEDS, st.floats(-300, 300))
def test_snips_does_not_move_when_all_log_probs_of_a_policy_are_off_by_a_constant(seed: int, shift: float) -> None:
    facts = run(seed)
    ratio = facts.log_ratio("near")
    moved = replace(facts, logging_column=column(facts.rows, facts.logging_column.values - 700.0))
    moved = replace(
        moved,
        target_columns=moved.target_columns | {"near": column(facts.rows, moved.logging_column.values + ratio + shift)},
    )
    for reward in ("judge", "calibrated", "oracle"):
        one, two = told(facts)["snips", reward], told(moved)["snips", reward]
        assert one[:2] == pytest.approx(two[:2], rel=1e-7)


@FEW
@given(SEEDS, st.integers(1, 60))
def test_one_policys_missing_rows_touch_no_number_of_another(seed: int, lost: int) -> None:
    facts = run(seed)
    gone = np.random.default_rng(seed).choice(facts.rows.n, lost, replace=False)
    values = facts.target_columns["other"].values.copy()
    values[gone] = NAN
    holed = replace(facts, target_columns=facts.target_columns | {"other": column(facts.rows, values)})
    assert told(holed) == told(facts)
    assert told(holed, "other") != told(facts, "other")


@FEW
@given(SEEDS, st.integers(0, 40), st.integers(0, 40))
def test_bounds_hold_the_estimate_of_the_kept_rows(seed: int, scores_lost: int, weights_lost: int) -> None:
    facts, rng = run(seed), np.random.default_rng(seed)
    judged, near = facts.judge.values.copy(), facts.target_columns["near"].values.copy()
    judged[rng.choice(facts.rows.n, scores_lost, replace=False)] = NAN
    near[rng.choice(facts.rows.n, weights_lost, replace=False)] = NAN
    holed = replace(
        facts,
        judge=scores(facts.rows, judged),
        target_columns=facts.target_columns | {"near": column(facts.rows, near)},
    )
    for key, (value, _, _, bounds) in told(holed).items():
        assert bounds is not None, key
        assert bounds[0] <= value <= bounds[1], key


@FEW
@given(SEEDS)
def test_a_clone_is_worth_the_plain_mean_by_every_estimator(seed: int) -> None:
    facts = run(seed)
    base, clone = told(facts, "base"), told(facts, "clone")
    assert {name for name, _ in clone} == {"ips", "snips", "ips_clipped", "snips_clipped", "calibrated_weights"}
    for (name, reward), (value, *_) in clone.items():
        assert value == pytest.approx(base["ips", reward][0], abs=1e-12), (name, reward)
