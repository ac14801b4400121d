"""Low scores that are a copy of all others in another unit, and honest low scores that are not."""

from collections.abc import Callable

import numpy as np
import pytest

from cje_audit.checks.frame import Floats
from cje_audit.checks.judge import check_judge
from cje_audit.checks.judge_setting import FACTORS, single_judge
from cje_audit.checks.scaled_copy import alike, rarer, scaled_copy, step_of, written_finer
from tests.checks.builders import NAN, make_rows, scores

N = 2000
Rng = np.random.Generator


def logistic(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)))


def fine(rng: Rng) -> Floats:
    return np.round(logistic(rng.normal(0.6, 1.0, N)), 6)


def coarse(rng: Rng) -> Floats:
    """Multiples of .05: most at .85, many at the top."""
    grid = np.array([0.2, 0.3, 0.45, 0.5, 0.55, 0.65, 0.7, 0.85, 0.9, 0.95, 1.0])
    return rng.choice(grid, N, p=np.array([1, 1, 1, 2, 2, 2, 8, 60, 5, 10, 8]) / 100)


def hundredths(rng: Rng) -> Floats:
    return np.round(rng.beta(6, 2, N), 2)


def labels_of(truth: Floats, rng: Rng) -> Floats:
    """Labels of half the rows: 1 with the chance that the score says."""
    return np.where(rng.random(len(truth)) < 0.5, (rng.random(len(truth)) < truth).astype(float), NAN)


def divided(values: Floats, factor: float, k: int, rng: Rng) -> tuple[Floats, Floats]:
    rows = rng.choice(len(values), k, replace=False)
    mixed = values.copy()
    mixed[rows] = np.round(mixed[rows] / factor, 8)
    return mixed, rows


def nothing() -> Floats:
    return np.full(N, NAN)


@pytest.mark.parametrize("factor", [10.0, 20.0, 100.0])
@pytest.mark.parametrize("draw", [coarse, hundredths])
@pytest.mark.parametrize("share", [0.05, 0.2])
def test_a_copy_written_more_finely_is_one_without_labels(
    draw: Callable[[Rng], Floats], factor: float, share: float
) -> None:
    rng = np.random.default_rng(1)
    mixed, rows = divided(draw(rng), factor, round(share * N), rng)
    found = scaled_copy(mixed, 1.0, nothing(), FACTORS)
    assert found is not None
    assert (found.factor, found.sure) == (factor, True)
    assert found.rows[rows].mean() > 0.98
    assert found.rows.sum() < 1.1 * len(rows)


def test_honest_scores_among_the_copy_leave_it_a_warning() -> None:
    """Divided by five, .85 lies among honest scores of .2: still apart from the bulk, but no longer exactly alike."""
    rng = np.random.default_rng(1)
    found = scaled_copy(divided(coarse(rng), 5, 100, rng)[0], 1.0, nothing(), FACTORS)
    assert found is not None
    assert (found.factor, found.sure) == (5.0, False)


def test_a_copy_in_a_fine_column_only_warns_until_labels_tell() -> None:
    rng = np.random.default_rng(2)
    truth = fine(rng)
    mixed, rows = divided(truth, 10, 200, rng)
    labels = labels_of(truth, rng)
    frame, column = make_rows(np.full(N, 60)), scores(make_rows(np.full(N, 60)), mixed)
    alone, told = single_judge(frame, column, (0.0, 1.0)), single_judge(frame, column, (0.0, 1.0), labels)
    assert (alone.status, told.status) == ("warn", "fail")
    assert abs(alone.n_affected - len(rows)) < 20
    assert "may have been given on the scale 0 to 0.1: times 10 they are spread like all others" in alone.sentence
    assert "look as if they were given on the scale 0 to 0.1" in told.sentence
    whole = check_judge(frame, column, scores(frame, labels), (0.0, 1.0))
    assert next(c for c in whole if c.id == "judge.single_judge") == told


def test_labels_that_fit_the_low_scores_acquit_them() -> None:
    """The same scores, but honest: the label follows the score as it stands."""
    rng = np.random.default_rng(3)
    mixed, _ = divided(fine(rng), 10, 200, rng)
    assert scaled_copy(mixed, 1.0, nothing(), FACTORS) is not None
    assert scaled_copy(mixed, 1.0, labels_of(mixed, rng), FACTORS) is None


def significant(values: Floats, digits: int) -> Floats:
    return np.array([float(f"{v:.{digits}g}") for v in values])


HONEST: dict[str, Callable[[Rng], Floats]] = {
    "fine": fine,
    "coarse": coarse,
    "hundredths": hundredths,
    "uniform": lambda r: r.random(N),
    "many at both ends": lambda r: r.beta(0.5, 0.5, N),
    "strict": lambda r: r.random(N) ** 3,
    "steep": lambda r: np.round(logistic(r.normal(0, 12, N)), 4),
    "two significant digits": lambda r: significant(logistic(r.normal(0.6, 1.5, N)), 2),
    "some very poor answers": lambda r: np.where(
        r.random(N) < 0.1, logistic(r.normal(-2.9, 0.4, N)), logistic(r.normal(1, 0.8, N))
    ),
    "poor answers scored finely": lambda r: np.where(r.random(N) < 0.05, r.choice([0.01, 0.02, 0.05], N), coarse(r)),
    "tenths, poor ones finely": lambda r: np.where(
        r.random(N) < 0.03, r.choice([0.01, 0.02, 0.03, 0.05], N), r.integers(1, 11, N) / 10
    ),
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_low_scores_are_no_copy(name: str) -> None:
    for seed in range(40):
        values = HONEST[name](np.random.default_rng(seed))
        assert scaled_copy(values, 1.0, nothing(), FACTORS) is None, seed


def test_few_rows_in_a_fine_column_cannot_be_told() -> None:
    rng = np.random.default_rng(4)
    assert scaled_copy(divided(fine(rng), 10, 15, rng)[0], 1.0, nothing(), FACTORS) is None


def test_one_spread_is_told_from_two() -> None:
    rng = np.random.default_rng(5)
    same = [alike(rng.random(40), rng.random(900)) for _ in range(400)]
    assert 0.02 < np.mean(np.array(same) < 0.05) < 0.08
    assert alike(rng.random(40), rng.random(900) ** 3) < 0.001


def test_a_stretch_as_full_as_the_group_is_not_rare() -> None:
    chances = [rarer(k, 1.0, 10, 1.0) for k in (0, 3, 10)]
    assert chances == sorted(chances)
    assert chances[0] == pytest.approx(0.5**10)
    assert rarer(0, 0.0, 10, 1.0) == rarer(0, 1.0, 0, 1.0) == 1.0


def test_the_step_of_a_coarse_column() -> None:
    rng = np.random.default_rng(6)
    assert (step_of(coarse(rng)), step_of(hundredths(rng)), step_of(fine(rng))) == (0.05, 0.01, None)
    mixed, rows = divided(coarse(rng), 10, 50, rng)
    low = np.zeros(N, dtype=bool)
    low[rows] = True
    assert written_finer(mixed, low)
    assert not written_finer(mixed * 1.0, mixed == 0.85)
