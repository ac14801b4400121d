import numpy as np
import pytest

from cje_audit.checks.judge import audit_scores, check_judge
from tests.checks.builders import NAN, found, make_rows, no_codes, scores, text_logprobs


def test_scores_outside_the_scale_go_missing_with_their_code() -> None:
    rows = make_rows(np.full(6, 10))
    codes = no_codes(6)
    codes[5] = "unparseable"
    got = audit_scores(rows, np.array([0.0, 1.0, 1.1, NAN, np.inf, NAN]), codes, (0.0, 1.0))
    assert got.codes.tolist() == [None, None, "out_of_range", "no_score", "non_finite", "unparseable"]
    assert got.ok.tolist() == [True, True, False, False, False, False]
    assert got.reported[2] == 1.1


@pytest.mark.parametrize(("share", "status"), [(0.0, "pass"), (0.06, "warn"), (0.3, "fail"), (1.0, "fail")])
def test_scored(share: float, status: str) -> None:
    rows, _ = text_logprobs(100, 0)
    values = np.random.default_rng(0).random(100)
    values[: int(100 * share)] = NAN
    assert found(check_judge(rows, scores(rows, values), None, (0.0, 1.0)), "judge.scored").status == status


@pytest.mark.parametrize(("n_bad", "status"), [(0, "pass"), (5, "warn"), (6, "fail")])
def test_range(n_bad: int, status: str) -> None:
    rows, _ = text_logprobs(100, 0)
    values = np.random.default_rng(0).random(100)
    values[:n_bad] = 7.0
    check = found(check_judge(rows, scores(rows, values), None, (0.0, 1.0)), "judge.range")
    assert (check.status, check.n_affected) == (status, n_bad)


def test_a_constant_judge_fails() -> None:
    rows, _ = text_logprobs(100, 0)
    check = found(check_judge(rows, scores(rows, np.full(100, 0.5)), None, (0.0, 1.0)), "judge.constant")
    assert check.status == "fail"
    assert "100 of 100 scores are 0.5" in check.sentence


def test_no_judge_at_all() -> None:
    rows, _ = text_logprobs(10, 0)
    first, *others = [c.status for c in check_judge(rows, None, None, (0.0, 1.0))]
    assert first == "fail"
    assert set(others) == {"not_evaluated"}
