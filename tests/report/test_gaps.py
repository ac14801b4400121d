"""The difference of two headlines: its interval covers a known truth also where a few rows carry the weight."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, roots_hermitenorm

from cje_audit.numerics.compare import recovered_interval
from cje_audit.report.comparisons import pair_of
from cje_audit.report.standing import standings
from tests.checks.builders import column, log_normal_run, scores
from tests.report.helpers import policy, report_of

LEAN = 0.7


def gaps(n: int, sd: float, repetitions: int, seed: int) -> list[tuple[tuple[float, float], float | None, str | None]]:
    """Return interval, p-value and note of near − base, over new draws of the same world."""
    rng, facts, made = np.random.default_rng(seed), log_normal_run(n=n, seed=seed), []
    logging = -5000.0 - np.arange(n) * 0.01
    for _ in range(repetitions):
        z = rng.normal(size=n)
        judged = expit(LEAN * z + np.sqrt(1 - LEAN**2) * rng.normal(size=n))
        drawn = replace(
            facts,
            judge=scores(facts.rows, judged),
            logging_column=column(facts.rows, logging),
            target_columns={"near": column(facts.rows, logging + sd * z - sd**2 / 2)},
        )
        paired = pair_of(drawn, ("near", "base"), standings(drawn, {"near": "judge", "base": "judge"}))
        assert paired.gap.interval is not None
        made.append((paired.gap.interval, paired.p_value, paired.gap.note))
    return made


def truth(sd: float) -> float:
    at, weight = roots_hermitenorm(200)
    return float(weight @ (expit(at + LEAN * sd) - expit(at)) / weight.sum())


@pytest.mark.parametrize(("n", "sd"), [(200, 1.4), (1000, 1.8)])
def test_heavy_weights_do_not_make_differences_too_sure(n: int, sd: float) -> None:
    """A t interval covers 88 % here."""
    found = gaps(n, sd, 120, 3)
    assert all(note is not None for _, _, note in found)
    assert np.mean([low <= truth(sd) <= high for (low, high), _, _ in found]) >= 0.93


def test_tame_weights_keep_the_paired_t_interval() -> None:
    found = gaps(1000, 0.5, 120, 4)
    assert all(note is None for _, _, note in found)
    assert 0.9 < np.mean([low <= truth(0.5) <= high for (low, high), _, _ in found]) < 0.99


def test_p_is_below_a_twentieth_just_where_the_interval_leaves_out_zero() -> None:
    found = gaps(300, 1.3, 60, 5)
    apart = [p is not None and p < 0.05 for _, p, _ in found]
    assert apart == [not low <= 0 <= high for (low, high), _, _ in found]
    assert 0 < sum(apart) < len(apart)


def test_a_symmetric_pair_recovers_the_paired_interval() -> None:
    low, high = recovered_interval((0.5, 0.4), ((0.4, 0.6), (0.25, 0.55)), 0.5)
    half = np.sqrt(0.1**2 + 0.15**2 - 0.1 * 0.15)
    assert (low, high) == pytest.approx((0.1 - half, 0.1 + half))


def test_the_report_says_how_such_an_interval_was_made() -> None:
    report = report_of(log_normal_run(n=300, sd=1.2, seed=1))
    assert policy(report, "near").verdict in ("report", "rank_only")
    (pair,) = [c for c in report.comparisons if {c.a, c.b} == {"base", "near"}]
    assert pair.interval_reason is not None
    assert pair.interval_reason in pair.sentence
