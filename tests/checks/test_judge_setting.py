import numpy as np
import pytest

from cje_audit.checks.frame import Floats
from cje_audit.checks.judge import audit_scores, check_judge
from cje_audit.checks.judge_atoms import Evidence
from cje_audit.domain.checks import Check
from tests.checks.builders import NAN, found, make_rows, no_codes, scores


def judged(
    values: Floats,
    labels: Floats | None = None,
    scale: tuple[float, float] = (0.0, 1.0),
    evidence: tuple[Floats, ...] = (),
) -> list[Check]:
    rows = make_rows(np.full(len(values), 60))
    column = audit_scores(rows, values, no_codes(len(values)), scale, Evidence(evidence))
    return check_judge(rows, column, None if labels is None else scores(rows, labels, (-1e9, 1e9)), scale)


def fine(n: int = 400, seed: int = 0) -> Floats:
    return np.round(1 / (1 + np.exp(-np.random.default_rng(seed).normal(0.3, 1.2, n))), 6)


def coarse(n: int = 500, seed: int = 0) -> Floats:
    """Like a chat judge: most at .85, many at 1."""
    grid = np.array([0.2, 0.3, 0.45, 0.5, 0.55, 0.65, 0.7, 0.85, 0.9, 0.95, 1.0])
    return np.random.default_rng(seed).choice(grid, n, p=np.array([1, 1, 1, 2, 2, 2, 8, 60, 5, 10, 8]) / 100)


@pytest.mark.parametrize("seed", range(5))
def test_clean_scores_pass(seed: int) -> None:
    for values in (fine(seed=seed), coarse(seed=seed)):
        labels = np.clip(values + np.random.default_rng(seed).normal(0, 0.2, len(values)), 0, 1)
        assert {c.status for c in judged(values, labels, evidence=(labels,))} == {"pass"}


def test_saturated_and_binary_judges_are_honest() -> None:
    steep = np.round(1 / (1 + np.exp(-np.random.default_rng(0).normal(0, 12, 500))), 4)
    binary = (np.random.default_rng(0).random(300) < 0.6).astype(float)
    for values in (steep, binary):
        assert found(judged(values), "judge.sentinel_scores").status == "pass"


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0, 0.3])
@pytest.mark.parametrize("k", [4, 40])
def test_an_atom_in_a_fine_column_is_found_exactly(value: float, k: int) -> None:
    values = fine()
    values[:k] = value
    check = found(judged(values), "judge.sentinel_scores")
    assert (check.status, check.n_affected) == ("warn" if k == 4 else "fail", k)


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_two_round_scores_in_a_fine_column_are_enough(value: float) -> None:
    values = np.round(0.1 + 0.8 * fine(600, 3), 6)
    values[[5, 300]] = value
    check = found(judged(values), "judge.sentinel_scores")
    assert (check.status, check.n_affected) == ("warn", 2)


def test_an_atom_in_a_coarse_column_needs_evidence() -> None:
    rng = np.random.default_rng(1)
    values = coarse(800, 1)
    labels = np.clip(values + rng.normal(0, 0.1, 800), 0, 1)
    values[:60] = 0.5
    check = found(judged(values, labels, evidence=(labels,)), "judge.sentinel_scores")
    assert check.status == "fail"
    honest = np.where(values == 0.5, 0.5 + rng.normal(0, 0.05, 800), labels)
    assert found(judged(values, honest, evidence=(honest,)), "judge.sentinel_scores").status == "pass"


def test_most_scores_at_one_value_and_many_at_the_top_are_honest_with_and_without_labels() -> None:
    rng = np.random.default_rng(2)
    values = np.where(rng.random(600) < 0.6, 0.85, np.where(rng.random(600) < 0.5, 1.0, coarse(600, 2)))
    assert np.mean(values == 0.85) > 0.6
    assert np.mean(values == 1.0) > 0.2
    labels = np.clip(values + rng.normal(0, 0.15, 600), 0, 1)
    for evidence in ((), (labels,)):
        check = found(judged(values, labels, evidence=evidence), "judge.sentinel_scores")
        assert (check.status, check.n_affected) == ("pass", 0)


def test_a_lonely_atom_without_evidence_only_warns_and_stays() -> None:
    values = coarse()
    values[:20] = 0.0
    checks = judged(values)
    assert (found(checks, "judge.sentinel_scores").status, found(checks, "judge.scored").status) == ("warn", "pass")


def test_labels_that_are_copies_fail() -> None:
    values = fine()
    for labels in (values.copy(), 10 * values, 1 - values):
        assert found(judged(values, labels), "judge.oracle_leak").status == "fail"
    labels = np.clip(np.round(values + np.random.default_rng(0).normal(0, 0.2, 400), 2), 0, 1)
    assert found(judged(values, labels), "judge.oracle_leak").status == "pass"
    labels[:6] = values[:6]
    assert found(judged(values, labels), "judge.oracle_leak").n_affected in (5, 6)
    assert found(judged(values, np.full(400, NAN)), "judge.oracle_leak").status == "not_evaluated"


def test_mixed_scales_fail() -> None:
    values = coarse()
    values[:30] *= 10
    check = found(judged(values), "judge.single_judge")
    assert (check.status, check.n_affected) == ("fail", 30)
    ten = np.round(coarse(seed=2) * 10)
    ten[:40] = coarse(40, 3)
    assert found(judged(ten, scale=(0.0, 10.0)), "judge.single_judge").status == "fail"
    assert found(judged(np.round(coarse(seed=2) * 10), scale=(0.0, 10.0)), "judge.single_judge").status == "pass"


@pytest.mark.parametrize(
    ("poor", "status"), [((0.05,), "pass"), ((0.05, 0.15), "pass"), ((0.01, 0.02, 0.05, 0.15), "warn")]
)
def test_a_judge_on_tenths_may_tell_poor_answers_apart_more_finely(poor: tuple[float, ...], status: str) -> None:
    """A few finer marks at the low end are no other scale; a whole set of them might be, and nothing is refused."""
    for seed in range(10):
        rng = np.random.default_rng(seed)
        values = np.where(rng.random(500) < 0.06, rng.choice(poor, 500), rng.integers(3, 11, 500) / 10)
        check = found(judged(values), "judge.single_judge")
        assert str(check.status) == status, (seed, check.sentence)
    assert status == "pass" or "or the judge tells poor responses apart more finely" in check.sentence
