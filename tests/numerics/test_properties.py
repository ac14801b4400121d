"""What holds for every estimator, whatever the rows: hypothesis looks for rows where it does not."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cje_audit.numerics.bounds import Missing, ips_bounds, snips_bounds
from cje_audit.numerics.calibration import fit_calibration
from cje_audit.numerics.clipping import clip
from cje_audit.numerics.folds import FOLDS, hash_folds
from cje_audit.numerics.fresh import Scored, doubly_robust
from cje_audit.numerics.ips import ips
from cje_audit.numerics.point import infer
from cje_audit.numerics.projection import projected_weights
from cje_audit.numerics.snips import snips
from cje_audit.numerics.weights import summarise

SEEDS = st.integers(0, 10**6)
CHEAP = settings(max_examples=25, deadline=None)


def world(seed: int, n: int = 120) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return log ratios, scores, prompts (some with several rows) and folds."""
    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, n // 2, n)
    return rng.normal(-0.5, 1, n), rng.random(n), cluster, hash_folds([f"q{c}" for c in cluster])


def projected(ratio: np.ndarray, score: np.ndarray, fold: np.ndarray) -> float:
    weight = projected_weights(ratio, score, fold)
    return float(weight @ score / weight.sum())


@CHEAP
@given(SEEDS)
def test_a_clone_is_worth_the_sample_mean(seed: int) -> None:
    _, score, _, fold = world(seed)
    same = np.zeros(len(score))
    clipped = clip(same, 1.0).log_ratio
    found = [ips(same, score).value, snips(same, score).value, projected(same, score, fold)]
    found += [ips(clipped, score).value, snips(clipped, score).value]
    assert found == pytest.approx([score.mean()] * 5, abs=1e-12)


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_doubly_robust_gives_a_clone_the_label_mean_within_its_error(seed: int) -> None:
    rng = np.random.default_rng(seed)
    _, score, cluster, fold = world(seed, 400)
    label = np.clip(score + rng.normal(0, 0.1, 400), 0, 1)
    curve = fit_calibration(score, label, fold, cluster)
    rows = Scored(score, label, curve.predict(curve.place(score), fold), cluster)
    found = doubly_robust(rows, rows, np.zeros(400), curve)
    got = infer(found.point, found.cluster)
    assert got.standard_error is not None
    assert found.point.value == pytest.approx(label.mean(), abs=1e-12)  # the same rows on both sides: exactly
    other = np.random.default_rng(seed + 1).permutation(400)[:200]
    draws = Scored(score[other], label[other], rows.predicted[other], cluster[other])
    apart = doubly_robust(draws, rows, np.zeros(400), curve)
    wide = infer(apart.point, apart.cluster)
    assert wide.standard_error is not None
    assert wide.value is not None
    assert abs(wide.value - label.mean()) < 5 * wide.standard_error


@CHEAP
@given(SEEDS)
def test_order_and_the_names_of_prompts_change_nothing(seed: int) -> None:
    ratio, score, cluster, fold = world(seed)
    order = np.random.default_rng(seed).permutation(len(ratio))
    names = np.random.default_rng(seed + 1).permutation(10**5)[:1000]
    for estimator in (ips, snips):
        one = infer(estimator(ratio, score), cluster)
        two = infer(estimator(ratio[order], score[order]), names[cluster[order]])
        assert (one.value, one.standard_error) == pytest.approx((two.value, two.standard_error), rel=1e-9)
    assert projected(ratio, score, fold) == pytest.approx(projected(ratio[order], score[order], fold[order]), rel=1e-9)
    first, second = summarise(ratio, cluster), summarise(ratio[order], names[cluster[order]])
    assert (first.ess, first.mean.relative_error) == pytest.approx((second.ess, second.mean.relative_error), rel=1e-9)
    assert (first.histogram, first.half_rows, first.tail) == (second.histogram, second.half_rows, second.tail)


@CHEAP
@given(SEEDS, st.integers(2, 5))
def test_copies_of_every_row_in_its_prompt_change_no_value_and_no_error(seed: int, copies: int) -> None:
    ratio, score, cluster, _ = world(seed)
    for estimator in (ips, snips):
        once = infer(estimator(ratio, score), cluster)
        many = infer(estimator(np.tile(ratio, copies), np.tile(score, copies)), np.tile(cluster, copies))
        assert (once.value, once.standard_error) == pytest.approx((many.value, many.standard_error), rel=1e-9)


@CHEAP
@given(SEEDS, st.sampled_from([900.0, -900.0]))
def test_nine_hundred_nats_on_one_side(seed: int, shift: float) -> None:
    """Every log-prob of one policy is off by 900 nats: what can be told is told, the rest is None."""
    ratio, score, cluster, fold = world(seed)
    here, far = summarise(ratio, cluster), summarise(ratio + shift, cluster)
    told = ("ess", "max_share", "top5_share", "sqrt_overlap")
    assert [getattr(far, t) for t in told] == pytest.approx([getattr(here, t) for t in told], rel=1e-9)
    assert far.mean.log_value == pytest.approx(here.mean.log_value + shift, abs=1e-9)
    assert (far.mean.value, far.mean.standard_error, far.mean.interval()) == (None, None, None)
    one, two = infer(snips(ratio, score), cluster), infer(snips(ratio + shift, score), cluster)
    assert (one.value, one.standard_error) == pytest.approx((two.value, two.standard_error), rel=1e-9)
    assert infer(ips(ratio + shift, score), cluster).value is None
    assert projected(ratio + shift, score, fold) == pytest.approx(projected(ratio, score, fold), rel=1e-9)


@CHEAP
@given(SEEDS, st.integers(0, 15), st.integers(0, 15), st.floats(-300, 300))
def test_bounds_hold_the_estimate_of_the_kept_rows(seed: int, lost: int, unweighted: int, shift: float) -> None:
    ratio, score, _, _ = world(seed)
    missing = Missing(np.random.default_rng(seed).normal(shift, 2, lost), unweighted)
    for estimator, bounds in ((ips, ips_bounds), (snips, snips_bounds)):
        value, pair = estimator(ratio + shift, score).value, bounds(ratio + shift, score, missing, (0.0, 1.0))
        assert value is not None
        assert pair is not None
        size = 1e-12 * math.exp(max(0.0, math.log(abs(value) + 1e-300)))
        assert pair[0] <= value + size
        assert value <= pair[1] + size


@CHEAP
@given(SEEDS)
def test_folds_follow_the_prompt_alone(seed: int) -> None:
    keys = [f"q{i}" for i in np.random.default_rng(seed).integers(0, 1000, 50)]
    whole = hash_folds(keys)
    pieces = np.concatenate([hash_folds(keys[:20]), hash_folds(keys[20:])])
    assert whole.tolist() == pieces.tolist()
    assert whole.min() >= 0
    assert whole.max() < FOLDS
